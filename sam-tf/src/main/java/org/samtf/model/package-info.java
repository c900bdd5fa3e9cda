/**
 * Models from files: loaded, trained on, exported again.
 *
 * <p>Begin with {@link org.samtf.model.LoadedModel}, and go on with {@link
 * org.samtf.model.ModelExporter}.
 */
package org.samtf.model;
