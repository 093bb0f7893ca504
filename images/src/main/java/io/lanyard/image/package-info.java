/**
 * The images that guests boot, in a store on disk, and how they get there.
 *
 * <p>{@link io.lanyard.image.Catalog} knows where each image comes from. {@link
 * io.lanyard.image.ImagePull} has apt fetch the Debian package, in directories of its own, from the
 * mirror that the host uses; apt checks the signatures. The package is opened as it is (ar, then
 * xz, then tar), the kernel and the initial RAM disk taken out, and a second, slim RAM disk made
 * from the same files for guests that should be up in a second: a shell, DHCP, a web client, the
 * drivers, decompressed and in load order.
 *
 * <p>An image is a directory of the {@link io.lanyard.image.ImageStore} with a manifest. It appears
 * by one rename when all of it is there, so that a reader sees the whole image or none, and an
 * interrupted pull resumes where it stopped.
 */
package io.lanyard.image;
