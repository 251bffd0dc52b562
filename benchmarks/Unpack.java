import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipInputStream;

/**
 * Unpacks a zip with what Java has: a named file with ZipFile, standard input ("-") with
 * ZipInputStream; into a folder, or all contents one after the other to standard output ("-").
 */
public class Unpack {
    private static final OutputStream OUTPUT =
            new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16);

    public static void main(String[] arguments) throws Exception {
        Path folder = arguments[1].equals("-") ? null : Path.of(arguments[1]);
        if (arguments[0].equals("-")) {
            ZipInputStream zip = new ZipInputStream(System.in);
            for (ZipEntry entry; (entry = zip.getNextEntry()) != null; ) {
                write(zip, entry, folder);
            }
        } else {
            try (ZipFile zip = new ZipFile(arguments[0])) {
                for (ZipEntry entry : Collections.list(zip.entries())) {
                    write(zip.getInputStream(entry), entry, folder);
                }
            }
        }
        OUTPUT.flush();
    }

    private static void write(InputStream content, ZipEntry entry, Path folder) throws Exception {
        if (folder == null) {
            content.transferTo(OUTPUT);
            return;
        }
        Path target = folder.resolve(entry.getName());
        Files.createDirectories(target.getParent());
        Files.copy(content, target);
    }
}
