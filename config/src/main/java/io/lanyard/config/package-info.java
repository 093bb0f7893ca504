/** The typed model of {@code lanyard.yaml} and its loader. */
package io.lanyard.config;
