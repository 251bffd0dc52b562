// The pyramid with sharp: node sharp.mjs FOLDER_OF_SHARP TARGET AT_ONCE < paths, one a line.
//
// One decoding to the largest size; the smaller ones are made from the pixels of the larger ones,
// with the same sizes, qualities and efforts as ours. One thread a picture, several at once: with
// more threads a picture, two processors do less.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, extname, join } from "node:path";

const [installed, target, atOnce] = process.argv.slice(2);
const sharp = createRequire(join(installed, "package.json"))("sharp");
sharp.cache(false);
sharp.concurrency(1);

const paths = readFileSync(0, "utf8").split("\n").filter(Boolean);
await Promise.all(Array.from({ length: Number(atOnce) }, work));

async function work() {
  for (let path = paths.pop(); path; path = paths.pop()) {
    await render(path, join(target, basename(path, extname(path))));
  }
}

async function render(path, name) {
  const original = sharp(path, { failOn: "truncated", sequentialRead: true }).autoOrient();
  const large = await reduce(original, 2560);
  const jpeg = { quality: 84, progressive: true, optimiseCoding: true };
  await again(large).jpeg(jpeg).toFile(`${name}.2560.jpg`);
  const middle = await reduce(again(large), 1280);
  await again(middle).webp({ quality: 80, effort: 2 }).toFile(`${name}.1280.webp`);
  // sharp keeps all colour samples in an AVIF unless told otherwise, which costs time and bytes.
  const avif = { quality: 55, effort: 0, chromaSubsampling: "4:2:0" };
  await again(middle).avif(avif).toFile(`${name}.1280.avif`);
  const small = again(middle).resize(320, 320, { fit: "inside", withoutEnlargement: true });
  await small.webp({ quality: 80, effort: 2 }).toFile(`${name}.320.webp`);
}

function reduce(picture, edge) {
  const box = { fit: "inside", withoutEnlargement: true };
  return picture.resize(edge, edge, box).raw().toBuffer({ resolveWithObject: true });
}

function again({ data, info }) {
  const { width, height, channels } = info;
  return sharp(data, { raw: { width, height, channels } });
}
