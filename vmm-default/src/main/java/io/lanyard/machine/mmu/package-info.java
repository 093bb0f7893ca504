/**
 * Virtual addresses: page walks (Sv39, Sv48, Sv57), physical memory protection, and the soft TLBs.
 *
 * <p>A hart's fast path reads one array of pairs {tag, addend}, indexed by the low bits of the page
 * number: if the tag is the address's page, the host address is the addend plus the address. There
 * is one such array for reads and one for writes, together a {@link io.lanyard.machine.mmu.Tlb},
 * for each of the last few address spaces and each privilege, so that an entry needs no permission
 * check and a change of context changes two references. What is not in the array goes through
 * {@link io.lanyard.machine.mmu.Mmu#translate}: a walk, which checks everything and fills the
 * entry. Only RAM is entered; devices always take the slow path.
 *
 * <p>Accessed and dirty bits are set by the walk, atomically (the hart behaves as with Svadu always
 * on); a page is entered for writing only once it is dirty. User pages that supervisor code may
 * touch only while {@code SUM} is set are entered with a tag that does not match, promoted at the
 * first use while it is set, and demoted when it is cleared.
 */
package io.lanyard.machine.mmu;
