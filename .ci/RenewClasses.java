import java.io.IOException;
import java.io.OutputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassFile.ConstantPoolSharingOption;
import java.lang.classfile.ClassFile.StackMapsOption;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Rewrites the classes of a jar that were compiled for Java 5 into the form of Java 8: the same
 * code, with the maps of the stack that newer JVMs verify by. The JVM keeps no class of the old
 * form in its cache (JEP 514), so each start would read and verify it anew, by the old and slow
 * way.
 *
 * <p>Usage: java RenewClasses.java JAR; a jar without such classes stays as it is.
 */
public final class RenewClasses {
  /** The first version that has maps of the stack, and the last without any. */
  private static final int OLDEST_TO_KEEP = ClassFile.JAVA_6_VERSION;

  /** As the Apache License wants it of changed files. */
  private static final String NOTICE =
      """
      The build of Lanyard changed the class files of this library: they have the version of Java 8 and maps of the stack.
      Their code is as it was.
      """;

  private RenewClasses() {}

  public static void main(String[] arguments) throws IOException {
    Path jar = Path.of(arguments[0]);
    Path renewed = jar.resolveSibling(jar.getFileName() + ".new");
    boolean isChanged = false;
    try (URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()});
        ZipFile in = new ZipFile(jar.toFile());
        OutputStream file = Files.newOutputStream(renewed);
        ZipOutputStream out = new ZipOutputStream(file)) {
      ClassFile classes =
          ClassFile.of(
              ConstantPoolSharingOption.NEW_POOL,
              StackMapsOption.GENERATE_STACK_MAPS,
              ClassHierarchyResolverOption.of(ClassHierarchyResolver.ofResourceParsing(loader)));
      for (ZipEntry entry : Collections.list(in.entries())) {
        byte[] bytes = in.getInputStream(entry).readAllBytes();
        if (entry.getName().endsWith(".class") && version(bytes) < OLDEST_TO_KEEP) {
          bytes = renew(classes, bytes);
          isChanged = true;
        }
        ZipEntry same = new ZipEntry(entry.getName());
        same.setTimeLocal(entry.getTimeLocal());
        out.putNextEntry(same);
        out.write(bytes);
      }
      if (isChanged) {
        ZipEntry notice = new ZipEntry("META-INF/CHANGED");
        notice.setTimeLocal(Collections.list(in.entries()).getFirst().getTimeLocal());
        out.putNextEntry(notice);
        out.write(NOTICE.getBytes(StandardCharsets.UTF_8));
      }
    }
    if (isChanged) {
      Files.move(renewed, jar, StandardCopyOption.ATOMIC_MOVE);
    } else {
      Files.delete(renewed);
    }
  }

  private static int version(byte[] classFile) {
    return (classFile[6] & 0xff) << 8 | classFile[7] & 0xff;
  }

  private static byte[] renew(ClassFile classes, byte[] bytes) {
    ClassTransform version =
        (builder, element) -> {
          if (element instanceof ClassFileVersion) {
            builder.withVersion(ClassFile.JAVA_8_VERSION, 0);
          } else {
            builder.with(element);
          }
        };
    return classes.transformClass(
        classes.parse(bytes),
        ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL).andThen(version));
  }
}
