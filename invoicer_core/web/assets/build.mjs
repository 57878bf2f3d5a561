// Bundles the browser side into ../static/dist with content-hashed names, a manifest.json that
// maps plain names to them, an icon sprite of the icons in use, and .br/.gz copies beside each.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const core = resolve(here, "../..");
const root = resolve(core, "..");
const place = resolve(here, "../static/dist");
const out = `${place}-${process.pid}`; // put into place when it is whole: a running server never misses a file
const modules = join(root, "node_modules");
const iconFolder = join(modules, "@tabler/icons/icons/outline");
const compressible = new Set([".js", ".css", ".svg", ".json"]);

function filesUnder(folder, wanted) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && wanted.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((path) => !path.startsWith(place));
}

// Icons that plugins may count on (icons.json), and every quoted word of a template that is one.
function iconNames() {
  const known = new Set(readdirSync(iconFolder).map((name) => basename(name, ".svg")));
  const names = new Set(JSON.parse(readFileSync(join(here, "icons.json"), "utf8")));
  for (const path of filesUnder(join(core, "web"), /\.(html|py)$/)) {
    for (const match of readFileSync(path, "utf8").matchAll(/["']([a-z0-9]+(?:-[a-z0-9]+)*)["']/g)) {
      if (known.has(match[1])) names.add(match[1]);
    }
  }
  return [...names].sort();
}

function sprite() {
  const symbols = iconNames().map((name) => {
    const source = readFileSync(join(iconFolder, `${name}.svg`), "utf8");
    const paths = [...source.matchAll(/<path[^>]*>/g)].map((m) => m[0]).filter((p) => !p.includes('stroke="none"'));
    return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${paths.join("")}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
}

function writeHashed(name, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 8).toUpperCase();
  const hashed = `${basename(name, extname(name))}-${hash}${extname(name)}`;
  writeFileSync(join(out, hashed), content);
  return hashed;
}

function compress(path) {
  const content = readFileSync(path);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
  writeFileSync(`${path}.br`, brotliCompressSync(content, { params }));
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
}

mkdirSync(out, { recursive: true });

const result = await build({
  absWorkingDir: here,
  entryPoints: ["theme.js", "app.js", "live.js", "charts.js", "list.js", "drafting.js", "app.css"],
  outdir: out,
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  minify: true,
  metafile: true,
  format: "iife",
  target: ["es2022"],
  loader: { ".woff2": "file" },
  legalComments: "linked",
  logLevel: "warning",
  nodePaths: [modules],
});

const manifest = {};
for (const [path, output] of Object.entries(result.metafile.outputs)) {
  if (output.entryPoint) manifest[basename(output.entryPoint)] = relative(out, resolve(here, path));
  if (path.includes("inter-latin-wght-normal")) manifest["inter-latin.woff2"] = basename(path);
}
manifest["icons.svg"] = writeHashed("icons.svg", sprite());
writeFileSync(join(out, "icons.json"), JSON.stringify(iconNames()));
writeFileSync(join(out, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
for (const path of readdirSync(out).map((name) => join(out, name))) {
  if (compressible.has(extname(path))) compress(path);
}
rmSync(place, { recursive: true, force: true });
renameSync(out, place);
console.log(`built ${Object.keys(manifest).length} assets, ${iconNames().length} icons, into ${relative(root, place)}`);
