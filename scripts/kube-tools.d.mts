/** See kube-tools.mjs. */
export declare function kubeTools(name: "helm" | "kubeconform" | "compose" | "control-plane" | "schemas"): string;
