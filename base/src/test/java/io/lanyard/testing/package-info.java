/** Parts that the tests of several modules share. */
package io.lanyard.testing;
