/** Annotations: regressions of latency, or the events of one call, as marks on the graphs of a dashboard. */
import type { AnnotationQuery, AnnotationSupport } from "@grafana/data";
import { AnnotationQueryEditor } from "./components/AnnotationQueryEditor";
import { DEFAULT_ANNOTATION, annotationQuery } from "./query";
import type { EarshotQuery } from "./types";

export const annotations: AnnotationSupport<EarshotQuery> = {
  QueryEditor: AnnotationQueryEditor,
  getDefaultQuery: () => ({ ...DEFAULT_ANNOTATION }),
  prepareAnnotation: (json: AnnotationQuery<EarshotQuery>) => ({ ...json, target: annotationQuery(json.target) }),
  prepareQuery: (annotation) => annotationQuery(annotation.target),
};
