package org.samtf.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samtf.internal.flat.FlatModel;
import org.samtf.internal.flat.SignatureParts;
import org.tensorflow.SavedModelBundle;

/** What was loaded from a file, and what is to know of it beside the graph. */
final class ModelFile {

  /** Where a SavedModel has the values of its variables. */
  static final String VARIABLES = "variables/variables";

  final SavedModelBundle bundle;

  /** Under which keys the checkpoint has variables that have no values yet, by their names. */
  final Map<String, String> checkpointKeys;

  /** Why signatures were left out, by their keys. */
  final Map<String, String> refusedSignatures;

  /** What signatures compute and assign besides, by their keys; nothing for those of the graph. */
  final Map<String, SignatureParts> parts;

  /** The ops to run once, which give variables their values. */
  final List<String> assignments;

  /** The ops that reach out of the model and were left out, with their types. */
  final List<String> leftOut;

  private ModelFile(
      SavedModelBundle bundle,
      Map<String, String> checkpointKeys,
      Map<String, String> refusedSignatures,
      Map<String, SignatureParts> parts,
      List<String> assignments,
      List<String> leftOut) {
    this.bundle = bundle;
    this.checkpointKeys = checkpointKeys;
    this.refusedSignatures = refusedSignatures;
    this.parts = parts;
    this.assignments = assignments;
    this.leftOut = leftOut;
  }

  ModelFile(SavedModelBundle bundle, FlatModel flat) {
    this(
        bundle, firstKeys(flat), flat.refusedSignatures(), flat.signatures(), List.of(), List.of());
  }

  private static Map<String, String> firstKeys(FlatModel flat) {
    Map<String, String> first = new LinkedHashMap<>();
    flat.checkpointKeys().forEach((name, keys) -> first.put(name, keys.get(0)));
    return first;
  }

  /** A model whose variables have their values, if there are any. */
  static ModelFile of(SavedModelBundle bundle) {
    return of(bundle, List.of());
  }

  /** A model whose variables get their values from ops of it. */
  static ModelFile of(SavedModelBundle bundle, List<String> assignments) {
    return new ModelFile(bundle, Map.of(), Map.of(), Map.of(), assignments, List.of());
  }

  /** The same, from a file that had more ops. */
  ModelFile leavingOut(List<String> ops) {
    return new ModelFile(
        bundle, checkpointKeys, refusedSignatures, parts, assignments, List.copyOf(ops));
  }
}
