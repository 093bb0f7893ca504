/** Virtual addresses: page walks and the soft TLBs. */
package io.lanyard.machine.mmu;
