#!/bin/sh
# disk-initrd.sh PACKAGE DIR: makes DIR/disk-2.gz, which is DIR/slim-2.gz and, in a second archive behind it, the modules for
# disks and ext4 out of the kernel's own package.
set -e
M=$2/disk/modules
mkdir -p $M
dpkg-deb --fsys-tarfile "$1" | tar -C $2/disk -x --wildcards '*/crc16.ko.xz' '*/mbcache.ko.xz' '*/jbd2.ko.xz' \
  '*/crc32c_generic.ko.xz' '*/ext4.ko.xz' '*/virtio_blk.ko.xz'
for f in $(find $2/disk/usr -name '*.ko.xz'); do xz -dc $f >$M/$(basename $f .xz); done
rm -rf $2/disk/usr
(cat $2/slim-2.gz && cd $2/disk && find . | sort | cpio -o -H newc --quiet -R 0:0 | gzip -1) >$2/disk-2.gz.new
mv $2/disk-2.gz.new $2/disk-2.gz
rm -rf $2/disk
