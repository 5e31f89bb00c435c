import type { ResourceRef } from "@carrick/kube";

/** Where `Cluster` is found in a Kubernetes API. */
export const CLUSTERS = { group: "carrick.dev", version: "v1", plural: "clusters" } as const satisfies ResourceRef;

/** The definition of `Cluster`. `deploy/crds/carrick.dev_clusters.yaml` is this object, as `carrick crds` prints it. */
export const CLUSTER_CRD = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "clusters.carrick.dev" },
  spec: {
    group: CLUSTERS.group,
    scope: "Cluster",
    names: { kind: "Cluster", listKind: "ClusterList", plural: CLUSTERS.plural, singular: "cluster" },
    versions: [
      {
        name: CLUSTERS.version,
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [
          { name: "Drain", type: "boolean", jsonPath: ".spec.drain" },
          { name: "Weight", type: "integer", jsonPath: ".spec.weight" },
          { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
        ],
        schema: {
          openAPIV3Schema: {
            description: "What the owner of a cluster says of it to Carrick. Only the object named self counts.",
            type: "object",
            properties: {
              apiVersion: { type: "string" },
              kind: { type: "string" },
              metadata: { type: "object" },
              spec: {
                type: "object",
                properties: {
                  drain: {
                    description: "New requests go to other clusters, as long as one is left.",
                    type: "boolean",
                  },
                  weight: {
                    description:
                      "Share of each of this cluster's endpoints, relative to those of other clusters; 1 if not given.",
                    type: "integer",
                    minimum: 1,
                    maximum: 1000,
                  },
                },
              },
              status: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
            },
            "x-kubernetes-validations": [
              { rule: "self.metadata.name == 'self'", message: "the one object of this kind is named self" },
            ],
          },
        },
      },
    ],
  },
} as const;
