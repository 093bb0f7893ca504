/** A RISC-V hart. */
package io.lanyard.machine.hart;
