package io.lanyard.control;

import io.lanyard.base.Directories;
import io.lanyard.config.Document;
import io.lanyard.control.client.HttpClient;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import java.io.IOException;
import java.nio.file.Path;

/** A test's daemon in this process with its API on a UNIX socket. None of its guests starts. */
final class ServedDaemon implements AutoCloseable {
  private final Directories directories;
  private final Daemon daemon;
  private final ControlServer server;

  private ServedDaemon(Path home, Daemon daemon) throws IOException {
    this.directories = InProcessDaemon.directories(home);
    this.daemon = daemon;
    this.server = ControlServer.bind(daemon, directories.socket(), null);
  }

  /** Starts one with a configuration in YAML. */
  static ServedDaemon open(Path home, String configuration) throws Exception {
    return new ServedDaemon(home, InProcessDaemon.open(home, configuration));
  }

  /** Starts one with a configuration's file. */
  static ServedDaemon open(Path home, Document configuration) throws Exception {
    return new ServedDaemon(home, InProcessDaemon.open(home, configuration));
  }

  Daemon daemon() {
    return daemon;
  }

  /** The API's socket. */
  Path socket() {
    return directories.socket();
  }

  /** A client of the API. */
  HttpClient client() {
    return new HttpClient(socket());
  }

  @Override
  public void close() {
    server.close();
    daemon.close();
  }
}
