package io.lanyard.vmm;

import java.nio.file.Path;

/**
 * A disk.
 *
 * @param path the image's file
 * @param format the image's format, one of {@link VmmDescription#diskFormats}
 * @param readOnly whether writes fail; true for a CD
 */
public record DiskSpec(Path path, String format, boolean readOnly) {
  /** The format of a file whose bytes are the disk's. */
  public static final String RAW = "raw";

  /** The format of QEMU's own images. */
  public static final String QCOW2 = "qcow2";

  /** The format of a CD or DVD: the guest gets a drive for these, with the medium in it. */
  public static final String ISO = "iso";
}
