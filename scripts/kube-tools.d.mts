/** See kube-tools.mjs. */
export declare function kubeTools(name: "helm" | "kubeconform" | "control-plane" | "schemas"): string;
