package io.lanyard.machine;

import io.lanyard.machine.device.InterruptControl;
import io.lanyard.machine.disk.Disk;
import io.lanyard.machine.hart.CodeBudget;
import java.util.List;

/**
 * The parts that a guest lends to each of its machines.
 *
 * @param name the guest's name
 * @param memory bytes of RAM
 * @param harts how many
 * @param interrupts how devices interrupt them
 * @param boot what is loaded
 * @param console where output goes
 * @param virtioConsole whether input goes to a virtio console instead of the serial port
 * @param nics its NICs
 * @param disks disks
 * @param code what all guests may keep of decoded code
 * @param host the memory that the host has
 * @param overcommit whether the guest starts even if the host does not have its memory
 */
record Equipment(
    String name,
    long memory,
    int harts,
    InterruptControl interrupts,
    Boot boot,
    GuestConsole console,
    boolean virtioConsole,
    List<LanyardNic> nics,
    List<Disk> disks,
    CodeBudget code,
    HostCapacity host,
    boolean overcommit) {}
