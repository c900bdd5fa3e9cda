package org.samtf.examples.train;

import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/** The values of all fields that an object leads to, through the classes of this project. */
record ObjectSnapshot(Map<String, Object> values, Set<String> hidden) {

  private static final String OURS = "org.samtf.examples.";

  /** Looks at everything but some objects and what only they lead to. */
  static ObjectSnapshot of(Object root, List<?> without) {
    ObjectSnapshot snapshot = new ObjectSnapshot(new TreeMap<>(), new TreeSet<>());
    Map<Object, Object> seen = new IdentityHashMap<>();
    without.forEach(object -> seen.put(object, object));
    String name = root.getClass().getSimpleName().toLowerCase(Locale.ROOT);
    snapshot.visit(name, root, seen);
    return snapshot;
  }

  Set<String> changesSince(ObjectSnapshot before) {
    Set<String> changes = new TreeSet<>();
    for (Map<String, Object> side : List.of(values, before.values)) {
      for (String path : side.keySet()) {
        if (!Objects.equals(values.get(path), before.values.get(path))) {
          changes.add(path);
        }
      }
    }
    return changes;
  }

  private void visit(String path, Object object, Map<Object, Object> seen) {
    if (object == null || isValue(object)) {
      values.put(path, String.valueOf(object));
    } else if (seen.put(object, object) != null) {
      return;
    } else if (object instanceof RandomGenerator) {
      hidden.add(path);
    } else if (object.getClass().isArray()) {
      visitArray(path, object, seen);
    } else if (object instanceof Collection<?> collection) {
      values.put(path + ".size", collection.size());
      int i = 0;
      for (Object element : collection) {
        visit(path + "[" + i++ + "]", element, seen);
      }
    } else if (object instanceof Map<?, ?> map) {
      values.put(path + ".size", map.size());
      map.forEach((key, value) -> visit(path + "[" + key + "]", value, seen));
    } else if (object instanceof Optional<?> optional) {
      visit(path + ".value", optional.orElse(null), seen);
    } else if (object.getClass().getName().startsWith(OURS) && !object.getClass().isSynthetic()) {
      visitFields(path, object, seen);
    } else {
      // Of TensorFlow or Java: that it is still the same one.
      values.put(path, object.getClass().getName() + System.identityHashCode(object));
    }
  }

  private static boolean isValue(Object object) {
    return object instanceof Number
        || object instanceof CharSequence
        || object instanceof Boolean
        || object instanceof Enum;
  }

  private void visitArray(String path, Object array, Map<Object, Object> seen) {
    if (array.getClass().getComponentType().isPrimitive()) {
      values.put(path, Arrays.deepHashCode(new Object[] {array}));
      return;
    }
    for (int i = 0; i < Array.getLength(array); i++) {
      visit(path + "[" + i + "]", Array.get(array, i), seen);
    }
  }

  private void visitFields(String path, Object object, Map<Object, Object> seen) {
    for (Class<?> type = object.getClass();
        type != null && type.getName().startsWith(OURS);
        type = type.getSuperclass()) {
      for (Field field : type.getDeclaredFields()) {
        if (!Modifier.isStatic(field.getModifiers()) || !Modifier.isFinal(field.getModifiers())) {
          visit(path + "." + field.getName(), valueOf(field, object), seen);
        }
      }
    }
  }

  private static Object valueOf(Field field, Object object) {
    try {
      field.setAccessible(true);
      return field.get(object);
    } catch (IllegalAccessException e) {
      throw new AssertionError(e);
    }
  }
}
