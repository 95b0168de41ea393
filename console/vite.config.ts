import { defaultClientConditions, defineConfig } from "vite";

export default defineConfig({
  // The protocol is read from its source: the engine need not be compiled first.
  resolve: { conditions: ["source", ...defaultClientConditions] },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: { target: "es2022", modulePreload: false, reportCompressedSize: false },
  // `npm run dev` beside a running home: the page here, everything else from there.
  server: { proxy: { "/api": "http://127.0.0.1:7440" } },
});
