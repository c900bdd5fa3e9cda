package org.samtf.internal.flat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.samtf.internal.graph.Protos;

/**
 * Lists of tensors whose places are known, which Python's loops read from and write to.
 * TensorFlow's C++ has no gradient for them; what is taken out of one is the tensor that was put
 * in.
 */
final class TensorLists {

  /** A list at one moment. It does not change. */
  private static final class Items {
    /** The tensor whose rows it was made of, as long as nothing else was put in; or null. */
    final String rows;

    /** Null if the number of rows is not known. An item is null where nothing was put in. */
    final List<String> items;

    Items(String rows, List<String> items) {
      this.rows = rows;
      this.items = items;
    }

    boolean isKnown() {
      return items != null;
    }
  }

  private static final int MOST = 1 << 16;

  private final FunctionInliner inliner;
  private final KnownValues values;
  private final StaticShapes shapes;
  private final Map<String, Items> lists = new HashMap<>();

  TensorLists(FunctionInliner inliner, KnownValues values, StaticShapes shapes) {
    this.inliner = inliner;
    this.values = values;
    this.shapes = shapes;
    values.lengthsOf(this::length);
  }

  private Long length(String list) {
    Items items = lists.get(inliner.resolved(list));
    return items == null || !items.isKnown() ? null : (Long) (long) items.items.size();
  }

  /**
   * Follows an op whose inputs were followed before. One that takes something out of a list is
   * replaced, if it is known what that is.
   */
  void follow(FlatNode node) {
    if (node.type.equals("Identity")) {
      keep(node, of(node));
    } else if (node.type.startsWith("TensorList") || node.type.equals("EmptyTensorList")) {
      Items made = made(node);
      if (made != null) {
        keep(node, made);
      } else {
        take(node);
      }
    }
  }

  private void keep(FlatNode node, Items items) {
    if (items != null) {
      lists.put(node.name + ":0", items);
    }
  }

  private Items of(FlatNode node) {
    return lists.get(inliner.resolved(node.input(0)));
  }

  private Items made(FlatNode node) {
    switch (node.type) {
      case "EmptyTensorList":
        return new Items(null, List.of());
      case "TensorListReserve":
        return reserved(values.number(node.input(1)));
      case "TensorListFromTensor":
        return rows(node, inliner.resolved(node.input(0)), node.type("element_dtype"));
      case "TensorListScatterV2":
        return scattered(node);
      default:
        Items items = of(node);
        return items == null || !items.isKnown() ? null : changed(node, items);
    }
  }

  private Items changed(FlatNode node, Items items) {
    switch (node.type) {
      case "TensorListSetItem":
        return set(node, items, values.number(node.input(1)));
      case "TensorListPushBack":
        return changed(items, list -> list.add(inliner.resolved(node.input(1))));
      case "TensorListPopBack":
        if (items.items.isEmpty()) {
          return null;
        }
        String last = items.items.get(items.items.size() - 1);
        if (last != null) {
          inliner.replace(node.name + ":1", last);
        }
        return changed(items, list -> list.remove(list.size() - 1) != null);
      case "TensorListResize":
        Long size = values.number(node.input(1));
        return size == null || size < 0 || size > MOST
            ? null
            : changed(
                items,
                list -> {
                  while (list.size() > size) {
                    list.remove(list.size() - 1);
                  }
                  return list.addAll(Collections.nCopies((int) (size - list.size()), null));
                });
      default:
        return null;
    }
  }

  private static Items reserved(Long size) {
    return size == null || size < 0 || size > MOST
        ? null
        : new Items(null, Collections.nCopies(size.intValue(), null));
  }

  private static Items changed(Items items, Function<List<String>, Boolean> change) {
    List<String> list = new ArrayList<>(items.items);
    change.apply(list);
    return new Items(null, list);
  }

  private Items set(FlatNode node, Items items, Long index) {
    if (index == null || index < 0 || index >= MOST) {
      return null;
    }
    boolean grows =
        items.items.isEmpty()
            && node.attributes.containsKey("resize_if_input_empty")
            && Protos.attribute(node.attribute("resize_if_input_empty")).getB();
    if (index >= items.items.size() && !grows) {
      return null; // fails when it is run
    }
    String item = inliner.resolved(node.input(2));
    return changed(
        items,
        list -> {
          while (list.size() <= index) {
            list.add(null);
          }
          list.set(index.intValue(), item);
          return true;
        });
  }

  private Items scattered(FlatNode node) {
    KnownValues.Value indices = values.of(node.input(1));
    Long size = values.number(node.input(3));
    if (indices == null || indices.isScalar || indices.entries.contains(null)) {
      return null;
    }
    Items rows = rows(node, inliner.resolved(node.input(0)), node.type("element_dtype"));
    long longest = size == null ? -1 : size;
    for (Long index : indices.entries) {
      longest = Math.max(longest, index + 1);
      if (index < 0 || index >= MOST) {
        return null;
      }
    }
    if (!rows.isKnown() || rows.items.size() != indices.entries.size() || longest > MOST) {
      return null;
    }
    List<String> items = new ArrayList<>(Collections.nCopies((int) longest, null));
    for (int i = 0; i < rows.items.size(); i++) {
      items.set(indices.entries.get(i).intValue(), rows.items.get(i));
    }
    return new Items(null, items);
  }

  /** The rows of a tensor, each a tensor of its own. */
  private Items rows(FlatNode node, String tensor, int type) {
    long[] shape = shapes.of(tensor);
    if (shape == null || shape.length == 0 || shape[0] < 0 || shape[0] > MOST) {
      return new Items(tensor, null);
    }
    FlatNode rows = new FlatNode(inliner.freeName(node.name + "/rows"), "Unpack", tensor);
    rows.device = node.device;
    rows.with("num", Protos.attribute().setI(shape[0]).build())
        .with("axis", Protos.attribute().setI(0).build())
        .with("T", type);
    inliner.unresolved().add(rows);
    List<String> items = new ArrayList<>();
    for (int i = 0; i < shape[0]; i++) {
      items.add(rows.name + ":" + i);
    }
    return new Items(tensor, items);
  }

  private void take(FlatNode node) {
    Items items = lists.isEmpty() ? null : of(node);
    if (items == null) {
      return;
    }
    switch (node.type) {
      case "TensorListGetItem":
        item(node, items);
        break;
      case "TensorListStack":
        if (items.rows != null) {
          inliner.replace(node.name + ":0", items.rows);
        } else if (items.isKnown()) {
          pack(node, items.items);
        }
        break;
      case "TensorListGather":
        KnownValues.Value indices = values.of(node.input(1));
        if (items.isKnown() && indices != null && !indices.isScalar) {
          List<String> gathered = new ArrayList<>();
          for (Long index : indices.entries) {
            boolean isThere = index != null && index >= 0 && index < items.items.size();
            gathered.add(isThere ? items.items.get(index.intValue()) : null);
          }
          pack(node, gathered.contains(null) ? List.of() : gathered);
        }
        break;
      case "TensorListLength":
        if (items.isKnown()) {
          FlatNode length =
              FlatNode.constant(inliner.freeName(node.name + "/value"), items.items.size());
          inliner.unresolved().add(length);
          inliner.replace(node.name + ":0", length.name + ":0");
        }
        break;
      default:
        break;
    }
  }

  private void item(FlatNode node, Items items) {
    Long index = values.number(node.input(1));
    if (items.isKnown() && index != null) {
      if (index >= 0 && index < items.items.size() && items.items.get(index.intValue()) != null) {
        inliner.replace(node.name + ":0", items.items.get(index.intValue()));
      }
    } else if (items.rows != null) {
      FlatNode axis = FlatNode.constant(inliner.freeName(node.name + "/axis"), 0);
      inliner.unresolved().add(axis);
      int type = node.type("element_dtype");
      node.become("GatherV2", List.of(items.rows, node.input(1), axis.name + ":0"));
      node.attributes.clear();
      node.with("Tparams", type).with("Tindices", FlatNode.INT32).with("Taxis", FlatNode.INT32);
    }
  }

  /** Where nothing was put in there are zeros. */
  private void pack(FlatNode node, List<String> items) {
    String any = items.stream().filter(item -> item != null).findFirst().orElse(null);
    if (any == null) {
      return;
    }
    int type = node.type("element_dtype");
    String zeros = any;
    if (items.contains(null)) {
      FlatNode zero = new FlatNode(inliner.freeName(node.name + "/zeros"), "ZerosLike", any);
      inliner.unresolved().add(zero.with("T", type));
      zeros = zero.name + ":0";
    }
    List<String> data = new ArrayList<>();
    for (String item : items) {
      data.add(item == null ? zeros : item);
    }
    node.become("Pack", data);
    node.attributes.clear();
    node.with("T", type)
        .with("N", Protos.attribute().setI(data.size()).build())
        .with("axis", Protos.attribute().setI(0).build());
  }
}
