/**
 * Disk images: where a virtual disk's bytes are.
 *
 * <p>A {@link io.lanyard.machine.disk.Disk} is read and written at byte offsets by the disk's
 * worker thread; it blocks. A raw image is the file itself, byte for byte. A flush returns when the
 * bytes are on stable storage.
 */
@org.jspecify.annotations.NullMarked
package io.lanyard.machine.disk;
