package io.lanyard.machine.boot;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A device tree, and its flattened form: Devicetree Specification 0.4 chapter 5, version 17. */
public final class Fdt {
  private static final int MAGIC = 0xd00dfeed;
  private static final int VERSION = 17;
  private static final int LAST_COMPATIBLE = 16;
  private static final int HEADER = 40;
  private static final int RESERVATIONS = 16;
  private static final int BEGIN_NODE = 1;
  private static final int END_NODE = 2;
  private static final int PROPERTY = 3;
  private static final int END = 9;

  private Fdt() {}

  /** A node: properties in the order they were set, then children. */
  public static final class Node {
    private final String name;
    private final Map<String, byte[]> properties = new LinkedHashMap<>();
    private final List<Node> children = new ArrayList<>();

    /**
     * Makes a node.
     *
     * @param name with its unit address, empty for the root
     */
    public Node(String name) {
      this.name = name;
    }

    /**
     * Adds a child.
     *
     * @param childName with its unit address
     * @return the child
     */
    public Node child(String childName) {
      Node child = new Node(childName);
      children.add(child);
      return child;
    }

    /**
     * Sets a property without value.
     *
     * @param property its name
     * @return this
     */
    public Node flag(String property) {
      properties.put(property, new byte[0]);
      return this;
    }

    /**
     * Sets a property of 32-bit cells.
     *
     * @param property its name
     * @param cells the value
     * @return this
     */
    public Node cells(String property, int... cells) {
      ByteBuffer bytes = ByteBuffer.allocate(4 * cells.length);
      for (int cell : cells) {
        bytes.putInt(cell);
      }
      properties.put(property, bytes.array());
      return this;
    }

    /**
     * Sets a property of 64-bit values, two cells each.
     *
     * @param property its name
     * @param values the value
     * @return this
     */
    public Node pairs(String property, long... values) {
      ByteBuffer bytes = ByteBuffer.allocate(8 * values.length);
      for (long value : values) {
        bytes.putLong(value);
      }
      properties.put(property, bytes.array());
      return this;
    }

    /**
     * Sets a property of strings.
     *
     * @param property its name
     * @param strings the value
     * @return this
     */
    public Node strings(String property, List<String> strings) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      for (String string : strings) {
        bytes.writeBytes(string.getBytes(StandardCharsets.UTF_8));
        bytes.write(0);
      }
      properties.put(property, bytes.toByteArray());
      return this;
    }

    /**
     * Sets a property of one string.
     *
     * @param property its name
     * @param string the value
     * @return this
     */
    public Node string(String property, String string) {
      return strings(property, List.of(string));
    }

    /**
     * Sets a property of bytes.
     *
     * @param property its name
     * @param bytes the value
     * @return this
     */
    public Node bytes(String property, byte[] bytes) {
      properties.put(property, bytes.clone());
      return this;
    }
  }

  /**
   * Flattens a tree.
   *
   * @param root the tree
   * @return the blob; a multiple of 8 bytes
   */
  public static byte[] flatten(Node root) {
    Strings strings = new Strings();
    ByteArrayOutputStream structure = new ByteArrayOutputStream();
    flatten(root, structure, strings);
    word(structure, END);
    byte[] names = strings.bytes.toByteArray();
    int structureAt = HEADER + RESERVATIONS;
    int stringsAt = structureAt + structure.size();
    int total = (stringsAt + names.length + 7) & ~7;
    return ByteBuffer.allocate(total)
        .putInt(MAGIC)
        .putInt(total)
        .putInt(structureAt)
        .putInt(stringsAt)
        .putInt(HEADER)
        .putInt(VERSION)
        .putInt(LAST_COMPATIBLE)
        .putInt(0) // boot_cpuid_phys
        .putInt(names.length)
        .putInt(structure.size())
        .putLong(0) // no memory reservations
        .putLong(0)
        .put(structure.toByteArray())
        .put(names)
        .array();
  }

  private static void flatten(Node node, ByteArrayOutputStream out, Strings strings) {
    word(out, BEGIN_NODE);
    out.writeBytes(node.name.getBytes(StandardCharsets.US_ASCII));
    out.write(0);
    align(out);
    node.properties.forEach((name, value) -> {
      word(out, PROPERTY);
      word(out, value.length);
      word(out, strings.offset(name));
      out.writeBytes(value);
      align(out);
    });
    for (Node child : node.children) {
      flatten(child, out, strings);
    }
    word(out, END_NODE);
  }

  private static void word(ByteArrayOutputStream out, int value) {
    out.write(value >>> 24);
    out.write(value >>> 16);
    out.write(value >>> 8);
    out.write(value);
  }

  private static void align(ByteArrayOutputStream out) {
    while ((out.size() & 3) != 0) {
      out.write(0);
    }
  }

  /** The names of properties, each once. */
  private static final class Strings {
    final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final Map<String, Integer> offsets = new LinkedHashMap<>();

    int offset(String name) {
      return offsets.computeIfAbsent(
          name,
          n -> {
            int at = bytes.size();
            bytes.writeBytes(n.getBytes(StandardCharsets.US_ASCII));
            bytes.write(0);
            return at;
          });
    }
  }
}
