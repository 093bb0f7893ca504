package io.lanyard.control.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.control.client.EventReader.Event;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EventReaderTest {
  private static List<Event> read(String stream) throws IOException {
    EventReader reader = new EventReader(new ByteArrayInputStream(stream.getBytes(UTF_8)));
    List<Event> events = new ArrayList<>();
    for (Event event = reader.next(); event != null; event = reader.next()) {
      events.add(event);
    }
    return events;
  }

  @Test
  void fieldsBecomeAnEventAtTheEmptyLine() throws IOException {
    assertThat(read("retry: 1000\n\n: comment\nid: 7\nevent: port\ndata: {}\ndata:x\n\n"))
        .containsExactly(new Event("7", "port", "{}\nx"));
  }

  @Test
  void linesEndInAnyOfThreeWays() throws IOException {
    assertThat(read("data: a\r\rdata: b\r\n\r\ndata: c\n\n"))
        .extracting(Event::data)
        .containsExactly("a", "b", "c");
  }

  @Test
  void anIdHoldsUntilTheNext() throws IOException {
    assertThat(read("id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n"))
        .extracting(Event::id)
        .containsExactly("1", "1", "");
  }

  @Test
  void aTypeIsOfItsEventOnly() throws IOException {
    assertThat(read("event: x\n\ndata: a\n\n")).containsExactly(new Event("", "message", "a"));
  }

  @Test
  void halfAnEventIsNone() throws IOException {
    assertThat(read("data: a\n\ndata: b\n")).extracting(Event::data).containsExactly("a");
    assertThat(read("data: a")).isEmpty();
  }
}
