import type { ResourceRef } from "@carrick/kube";

/** Where `Cluster` is found in a Kubernetes API. */
export const CLUSTERS = { group: "carrick.dev", version: "v1", plural: "clusters" } as const satisfies ResourceRef;

/**
 * The definition of `Cluster`, so that the command needs no file. `deploy/crds/carrick.dev_clusters.yaml` is the same
 * with its reasons; a test holds them equal.
 */
export const CLUSTER_CRD = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: {
    name: "clusters.carrick.dev",
  },
  spec: {
    group: CLUSTERS.group,
    scope: "Cluster",
    names: {
      plural: CLUSTERS.plural,
      singular: "cluster",
      kind: "Cluster",
      listKind: "ClusterList",
    },
    versions: [
      {
        name: CLUSTERS.version,
        served: true,
        storage: true,
        subresources: {
          status: {},
        },
        additionalPrinterColumns: [
          {
            name: "Drain",
            type: "boolean",
            jsonPath: ".spec.drain",
          },
          {
            name: "Weight",
            type: "integer",
            jsonPath: ".spec.weight",
          },
          {
            name: "Age",
            type: "date",
            jsonPath: ".metadata.creationTimestamp",
          },
        ],
        schema: {
          openAPIV3Schema: {
            type: "object",
            description: "What Carrick is told about the cluster that the object stands in.",
            "x-kubernetes-validations": [
              {
                rule: "self.metadata.name == 'self'",
                message: "the only object of this kind is called self",
              },
            ],
            properties: {
              apiVersion: {
                type: "string",
              },
              kind: {
                type: "string",
              },
              metadata: {
                type: "object",
              },
              spec: {
                type: "object",
                default: {},
                properties: {
                  drain: {
                    type: "boolean",
                    default: false,
                    description:
                      "New requests go to the other clusters as long as any of them has a ready endpoint. Requests that have begun are finished.",
                  },
                  weight: {
                    type: "integer",
                    format: "int32",
                    minimum: 1,
                    maximum: 1000,
                    default: 1,
                    description:
                      "The share of each of this cluster's endpoints in the requests, compared with an endpoint of another cluster.",
                  },
                },
              },
              status: {
                type: "object",
                description: "Written by Carrick.",
                properties: {
                  conditions: {
                    type: "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["type"],
                    maxItems: 16,
                    items: {
                      type: "object",
                      required: ["type", "status", "lastTransitionTime", "reason", "message"],
                      properties: {
                        type: {
                          type: "string",
                          maxLength: 316,
                        },
                        status: {
                          type: "string",
                          enum: ["True", "False", "Unknown"],
                        },
                        observedGeneration: {
                          type: "integer",
                          format: "int64",
                          minimum: 0,
                        },
                        lastTransitionTime: {
                          type: "string",
                          format: "date-time",
                        },
                        reason: {
                          type: "string",
                          minLength: 1,
                          maxLength: 1024,
                        },
                        message: {
                          type: "string",
                          maxLength: 32768,
                        },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
} as const;
