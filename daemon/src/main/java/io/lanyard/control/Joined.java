package io.lanyard.control;

import java.util.AbstractCollection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/**
 * Lists as one, whose elements are asked for one at a time: they may be made then.
 *
 * @param <T> the elements
 */
final class Joined<T> extends AbstractCollection<T> {
  private final List<List<T>> lists;

  Joined(List<List<T>> lists) {
    this.lists = lists;
  }

  @Override
  public int size() {
    return lists.stream().mapToInt(List::size).sum();
  }

  @Override
  public Iterator<T> iterator() {
    Iterator<List<T>> next = lists.iterator();
    return new Iterator<>() {
      private Iterator<T> present = Collections.emptyIterator();

      @Override
      public boolean hasNext() {
        while (!present.hasNext() && next.hasNext()) {
          present = next.next().iterator();
        }
        return present.hasNext();
      }

      @Override
      public T next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        return present.next();
      }
    };
  }
}
