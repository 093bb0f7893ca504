package io.lanyard.machine;

import io.lanyard.machine.device.InterruptControl;
import io.lanyard.machine.disk.Disk;
import java.util.List;

/**
 * What a guest lends to each of its machines.
 *
 * @param name the guest's name
 * @param memory bytes of RAM
 * @param harts how many
 * @param interrupts how devices interrupt them
 * @param boot what is loaded
 * @param console where output goes
 * @param virtioConsole whether input goes to a virtio console instead of the serial port
 * @param cards network cards
 * @param disks disks
 */
record Equipment(
    String name,
    long memory,
    int harts,
    InterruptControl interrupts,
    Boot boot,
    GuestConsole console,
    boolean virtioConsole,
    List<Card> cards,
    List<Disk> disks) {}
