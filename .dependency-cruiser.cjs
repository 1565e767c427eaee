// The arrows of docs/architecture.md, enforced.
const only = (name, pkg, allowed) => ({
  name,
  severity: "error",
  from: { path: "^(packages|services|apps)/", pathNot: allowed },
  to: { path: `node_modules/(${pkg})(/|$)`, dependencyTypesNot: ["npm-dev"] },
});

module.exports = {
  forbidden: [
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    {
      name: "packages-never-import-services-or-apps",
      severity: "error",
      from: { path: "^packages/" },
      to: { path: "^(services|apps)/" },
    },
    {
      name: "services-never-import-each-other",
      comment: "services/embedded is the one composition root that may start all four in one process.",
      severity: "error",
      from: { path: "^services/([^/]+)/", pathNot: "^services/embedded/" },
      to: { path: "^services/([^/]+)/", pathNot: "^services/$1/" },
    },
    {
      name: "apps-never-import-services",
      severity: "error",
      from: { path: "^apps/" },
      to: { path: "^services/" },
    },
    {
      name: "services-never-import-apps",
      severity: "error",
      from: { path: "^services/" },
      to: { path: "^apps/" },
    },
    only("native-code-only-in-inference", "onnxruntime-node|sharp", "^packages/inference/"),
    {
      name: "optional-packages-only-in-the-signing-thread",
      comment: "A gateway that signs nothing starts without them.",
      severity: "error",
      from: { path: "^services/", pathNot: "/signing/(signing-worker|cose-signature|.*\\.test)\\.ts$" },
      to: { path: "node_modules/(@contentauth/c2pa-wasm|cborg)/|/signing/cose-signature" },
    },
    {
      name: "tensor-stands-alone",
      severity: "error",
      from: { path: "^packages/tensor/src/", pathNot: "\\.test\\.ts$" },
      to: { pathNot: "^packages/tensor/" },
    },
    {
      name: "not-to-unresolvable",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules|/dist/" },
    exclude: { path: "/dist/|/src/gen/" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["source", "import", "node", "default"],
      extensions: [".ts", ".js", ".json"],
    },
  },
};
