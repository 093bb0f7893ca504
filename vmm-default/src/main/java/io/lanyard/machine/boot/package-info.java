/**
 * The work before the first instruction: images are checked and put into RAM, and a device tree is
 * written that tells the kernel what machine it is on.
 *
 * <p>{@link io.lanyard.machine.boot.KernelImage} and {@link io.lanyard.machine.boot.ElfImage} hold
 * their files open from the guest's creation on, so that a reset boots what was named then. {@link
 * io.lanyard.machine.boot.Layout} decides where things go: the kernel where its header wants it,
 * device tree and initial RAM disk at the top of RAM, where an expanding kernel does not reach.
 * {@link io.lanyard.machine.boot.DeviceTree} describes the board in the words of the kernel's
 * bindings; {@link io.lanyard.machine.boot.Fdt} is the flattened form (Devicetree Specification
 * 0.4, chapter 5, version 17).
 */
@org.jspecify.annotations.NullMarked
package io.lanyard.machine.boot;
