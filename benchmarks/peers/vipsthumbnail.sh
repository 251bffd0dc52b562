#!/bin/sh
# The pyramid with vipsthumbnail: sh vipsthumbnail.sh TARGET PHOTOGRAPH ...
#
# The program makes one size of many pictures, so each step does all of them: the largest size is
# kept without loss, and everything else is made from it and from the middle one. That takes two
# thirds of the time of one process for each picture and size. Untagged pictures are named sRGB:
# without that this version changes their colours.
set -eu
target=$1
shift
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
mkdir "$place/large" "$place/middle"
vipsthumbnail "$@" -s '2560x2560>' -e srgb -i srgb -o "$place/large/%s.v"
vipsthumbnail "$place"/large/*.v -s '2560x2560>' \
    -o "$target/%s.2560.jpg[Q=84,optimize_coding,interlace,strip]"
vipsthumbnail "$place"/large/*.v -s '1280x1280>' -o "$place/middle/%s.v"
vipsthumbnail "$place"/middle/*.v -s '1280x1280>' -o "$target/%s.1280.webp[Q=80,effort=2,strip]"
vipsthumbnail "$place"/middle/*.v -s '1280x1280>' -o "$target/%s.1280.avif[Q=55,effort=0,strip]"
vipsthumbnail "$place"/middle/*.v -s '320x320>' -o "$target/%s.320.webp[Q=80,effort=2,strip]"
