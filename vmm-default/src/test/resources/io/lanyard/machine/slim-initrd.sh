#!/bin/sh
# slim-initrd.sh PACKAGE DIR: out of the Debian installer's netboot package, makes DIR/linux and DIR/slim-2.gz: the stock
# kernel, and an initial RAM disk of BusyBox, the modules that this machine needs, and an /init that starts a shell.
set -e
D=$2
F=$D/full
S=$D/slim
mkdir -p $F $S
P=./usr/lib/debian-installer/images/13/riscv64/text/debian-installer/riscv64
dpkg-deb --fsys-tarfile "$1" | tar -C $D --strip-components=10 -x $P/linux $P/initrd.gz
(cd $F && gzip -dc ../initrd.gz | cpio -idm --quiet)
L=usr/lib/riscv64-linux-gnu
mkdir -p $S/usr/bin $S/$L $S/proc $S/sys $S/dev $S/modules
ln -sf usr/bin $S/bin
ln -sf usr/bin $S/sbin
ln -sf usr/lib $S/lib
cp -L $F/usr/lib/ld-linux-riscv64-lp64d.so.1 $S/usr/lib/
for l in ld-linux-riscv64-lp64d.so.1 libc.so.6 liblzma.so.5; do cp -L $F/$L/$l $S/$L/$l; done
cp $F/usr/bin/busybox $F/usr/bin/kmod $S/usr/bin/
for a in sh mount ip cat dd ping poweroff reboot sha256sum sleep stty echo ls; do ln -sf busybox $S/usr/bin/$a; done
ln -sf kmod $S/usr/bin/insmod
M="failover net_failover virtio_net virtio-rng virtio_input evdev"
for m in $M; do xz -dc $(find $F/usr/lib/modules -name $m.ko.xz) >$S/modules/$m.ko; done
cat >$S/init <<I
#!/bin/sh
export PATH=/usr/bin PS1='guest> '
mount -t proc proc /proc
mount -t devtmpfs dev /dev
exec </dev/console >/dev/console 2>&1
for m in $M; do insmod /modules/\$m.ko; done
T=/dev/ttyS0
[ -e /dev/hvc0 ] && T=/dev/hvc0
while :; do sh -i <\$T >\$T 2>&1; done
I
chmod 755 $S/init
(cd $S && find . | sort | cpio -o -H newc --quiet -R 0:0) | gzip -1 >$D/slim-2.gz
rm -rf $F $S $D/initrd.gz
