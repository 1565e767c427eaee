#!/bin/sh
# Puts one built service with its production dependencies and its software bill of materials into a folder.
# usage, in the built repository: assemble.sh SERVICE FOLDER; NPM_FLAGS is handed to npm.
set -eu
service=$1 app=$2
[ -f "services/$service/dist/main.js" ] || { echo "assemble: services/$service is no built service" >&2; exit 2; }
mkdir -p "$app"
cp package.json package-lock.json .npmrc "$app"
find packages services apps -name package.json -not -path '*/node_modules/*' -exec cp --parents {} "$app" \;
# shellcheck disable=SC2086 # NPM_FLAGS is a list.
(cd "$app" && npm ci --omit=dev --workspace "services/$service" --no-audit --no-fund ${NPM_FLAGS:-})
# npm links the workspaces that the service needs; the others are not part of it.
for folder in packages/* services/* apps/*; do
  if [ "$folder" = "services/$service" ] || [ -L "$app/node_modules/@moodifier/$(basename "$folder")" ]; then
    cp -r "$folder/dist" "$app/$folder/"
    find "$app/$folder/dist" \( -name '*.d.ts' -o -name '*.d.ts.map' -o -name '*.test.js*' \) -delete
    for data in data gen openapi.json; do [ ! -e "$folder/$data" ] || cp -r "$folder/$data" "$app/$folder/"; done
  else
    rm -rf "${app:?}/$folder"
  fi
done
# What the manifests say must be what is there, or npm refuses to list it.
(cd "$app" && node -e '
  const { readFileSync, writeFileSync, globSync } = require("node:fs");
  const folders = globSync(["packages/*/package.json", "services/*/package.json"]).map((file) => file.replace("/package.json", ""));
  for (const folder of [".", ...folders]) {
    const manifest = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
    delete manifest.devDependencies;
    if (folder === ".") manifest.workspaces = folders;
    writeFileSync(`${folder}/package.json`, JSON.stringify(manifest, null, 2));
  }' && npm sbom --omit=dev --sbom-format cyclonedx > sbom.cdx.json)
# ONNX Runtime brings the libraries of every platform.
runtime=$app/node_modules/onnxruntime-node/bin
if [ -d "$runtime" ]; then
  arch=$(node -p process.arch)
  find "$runtime" -mindepth 2 -maxdepth 2 -type d -not -name linux -exec rm -rf {} +
  find "$runtime" -mindepth 3 -maxdepth 3 -type d -path '*/linux/*' -not -name "$arch" -exec rm -rf {} +
fi
cp deploy/images/fetch-models.mjs "$app"
printf 'import "./services/%s/dist/main.js";\n' "$service" > "$app/main.js"
rm -f "$app/.npmrc"
chmod -R a+rX "$app"
