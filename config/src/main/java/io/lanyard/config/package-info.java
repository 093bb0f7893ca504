/**
 * The configuration file: the typed model of {@code lanyard.yaml} and its loader.
 *
 * <p>The loader works in three steps. {@code YamlReader} turns the parser's events into a small
 * tree of scalars, lists and mappings, each with its line and column, within limits on size and
 * depth and without tags, anchors and aliases. {@code ConfigurationReader} and the readers that it
 * calls ({@code NetworkReader}, {@code ServicesReader}, {@code ForwardReader}, {@code PortReader},
 * {@code GuestReader}) walk the tree through {@code Fields}, which hands out typed values and
 * reports every key that is unknown, missing or not what was expected. While they build the records
 * they check what no single value shows: addresses against their subnet, names against what they
 * name, and, through {@code Claims}, things of which there must not be two.
 *
 * <p>No step stops at the first problem. All of them are collected with their place and thrown
 * together as one {@link io.lanyard.config.ConfigException}; the records, which have every default
 * filled in, are handed out only when there are none. A key of the format that this version cannot
 * honour is a problem too: nothing in the file is ignored.
 *
 * <p>A key is declared once: as a {@code Key} in the class {@code Keys} inside the record that
 * holds its value ({@code PortKeys} for the ports, whose interface cannot hide such a class). The
 * declaration has the name, the form of the value with its limits ({@code Form}), the default and
 * the documentation. From the declarations come the reader's typed access, the JSON Schema that is
 * shipped for editors, and the tables of {@code docs/configuration.md}. Tests hold every component
 * of the model to its keys, and the two files to the declarations; {@code mvn -pl config -am test
 * -Dtest=GeneratedFilesTest -Dsurefire.failIfNoSpecifiedTests=false -Dgenerated.write=true} writes
 * the files anew.
 *
 * <p>A {@code Document} is what is desired: the text of a file and the {@code Edit}s that are laid
 * over it. {@code EditPass} lays them over its {@code BaseText} and drops those that no longer
 * matter; {@code Overlay} changes the tree before the readers see it. Each node of the tree knows
 * its {@code Place}, in the file or in a change, so that problems and {@code Setting}s can say
 * where something comes from. {@code YamlText} writes the tree that is left as a file.
 */
package io.lanyard.config;
