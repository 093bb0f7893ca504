package io.lanyard.vmm.tck;

/**
 * One rule of the contract.
 *
 * @param name a sentence that is false if the check fails
 * @param body does the check
 */
public record Check(String name, Body body) {
  /** Does a check. */
  @FunctionalInterface
  public interface Body {
    /**
     * Does the check.
     *
     * @throws Exception if the plug-in threw what it should not
     */
    void run() throws Exception;
  }

  /**
   * Does the check.
   *
   * @throws Exception if the plug-in threw what it should not
   * @throws AssertionError if the plug-in breaks the rule
   */
  public void run() throws Exception {
    body.run();
  }
}
