package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.ProcessorTime;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;

class QuestionTest {
  private static final int BITS = 14;

  /** One of many names with one hash, which is 9 times that of all before, and the next letter. */
  private static Question colliding(int number) throws TextParseException {
    StringBuilder label = new StringBuilder();
    for (int bit = 0; bit < BITS; bit++) {
      label.append((number >>> bit & 1) == 0 ? "az" : "bq");
    }
    return Question.recursive(Name.fromString(label + ".example."), Type.A);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 28, 65, 66, 67, 68, 249, 255, 261, 262, 263, 264, 32_769})
  void aTypeThatIsAssignedIsUsual(int type) {
    assertThat(Question.isUsual(Record.newRecord(Name.root, type, DClass.IN))).isTrue();
    assertThat(Question.isUsual(Record.newRecord(Name.root, type, DClass.CH))).isFalse();
  }

  /** Assigned to nobody, or to what is no record of a name: EDNS, signatures, a sign in proofs. */
  @ParameterizedTest
  @ValueSource(ints = {0, 41, 69, 128, 129, 250, 265, 65_280, 65_535})
  void aTypeThatNobodyLooksUpIsUnusual(int type) {
    assertThat(Question.isUsual(Record.newRecord(Name.root, type, DClass.IN))).isFalse();
  }

  /** A guest chooses what it asks: a table of questions must not become a list for it. */
  @Test
  void aQuestionIsFoundAtOnceAmongManyThatWereChosenForTheirHash() throws Exception {
    ProcessorTime before = ProcessorTime.ofThisThread();
    Map<Question, Integer> table = new HashMap<>();
    for (int i = 0; i < 1 << BITS; i++) {
      table.put(colliding(i), i);
    }
    assertThat(table).hasSize(1 << BITS);
    assertThat(colliding(1)).hasSameHashCodeAs(colliding(2));
    for (int i = 0; i < 1 << BITS; i++) {
      assertThat(table.get(colliding(i))).isEqualTo(i);
    }
    assertThat(ProcessorTime.ofThisThread().since(before).ran())
        .as("nanoseconds of a processor")
        .isLessThan(5_000_000_000L);
  }
}
