// validate.mjs DOCUMENTS SOURCE: checks every generated document in a folder against its schema, and that a damaged
// copy of each is turned down, so that no schema can pass by accepting everything.
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.cwd(), 'package.json'));
const Ajv = require('ajv').default;
const Ajv2020 = require('ajv/dist/2020').default;
const addFormats = require('ajv-formats').default;
const [documents, source] = process.argv.slice(2);
const read = (...path) => JSON.parse(readFileSync(join(...path), 'utf8'));
let failed = 0;

const draft2020 = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true, strictRequired: false, strictTypes: false });
addFormats(draft2020);
draft2020.addSchema(read(source, 'docs/reference/consent-facet.schema.json'));
const openlineage = draft2020.compile(read(source, 'tests/schemas/openlineage.schema.json'));
const croissant = draft2020.compile(read(source, 'tests/schemas/croissant.schema.json'));

const cyclonedxFolder = join(process.cwd(), 'node_modules/@cyclonedx/cyclonedx-library/res/schema');
const draft07 = new Ajv({ allErrors: true, strict: false });
addFormats(draft07);
draft07.addFormat('iri-reference', true);
draft07.addFormat('idn-email', true);
for (const name of ['spdx.SNAPSHOT.schema.json', 'jsf-0.82.SNAPSHOT.schema.json']) {
  draft07.addSchema({ ...read(cyclonedxFolder, name), $id: `http://cyclonedx.org/schema/${name}` });  // As the other names it.
}
const cyclonedx = draft07.compile(read(cyclonedxFolder, 'bom-1.6.SNAPSHOT.schema.json'));

function check(what, validator, document, damage) {
  const sound = validator(document);
  if (!sound) {
    ++failed;
    console.log(`FAIL ${what}`);
    for (const error of validator.errors.slice(0, 12)) console.log(`     ${error.instancePath || '/'} ${error.message} ${JSON.stringify(error.params)}`);
  }
  const copy = structuredClone(document);
  damage(copy);
  if (validator(copy)) {
    ++failed;
    console.log(`FAIL ${what}: a damaged copy was accepted`);
  }
  if (sound) console.log(`ok   ${what}`);
}

let count = 0;
let consents = 0;
for (const name of readdirSync(documents).sort()) {
  if (name.endsWith('.cdx.json')) {
    ++count;
    const bom = read(documents, name);
    check(`${name}: CycloneDX ${bom.specVersion}`, cyclonedx, bom, (copy) => { copy.metadata.component.type = 'model'; });
    const refs = new Set([bom.metadata.component['bom-ref'], ...bom.components.map((one) => one['bom-ref'])]);
    for (const one of bom.metadata.component.modelCard.modelParameters.datasets) {
      if (!refs.has(one.ref)) { ++failed; console.log(`FAIL ${name}: ${one.ref} is not in the document`); }
    }
  } else if (name.endsWith('.croissant.json')) {
    ++count;
    check(`${name}: Croissant 1.1 (our schema)`, croissant, read(documents, name), (copy) => { delete copy.distribution[0].sha256; });
  } else if (name.endsWith('.ndjson')) {
    readFileSync(join(documents, name), 'utf8').trim().split('\n').forEach((line, i) => {
      ++count;
      const event = JSON.parse(line);
      check(`${name}, event ${i + 1}: OpenLineage 2-0-2 (our schema)`, openlineage, event, (copy) => { copy.run.runId = 'run'; });
      for (const input of event.inputs) {
        if (!input.inputFacets.klieg_consent) continue;
        ++consents;
        const copy = structuredClone(event);
        delete copy.inputs[event.inputs.indexOf(input)].inputFacets.klieg_consent.logEntry;
        if (openlineage(copy)) { ++failed; console.log(`FAIL ${name}: a consent facet without its log entry was accepted`); }
      }
    });
  }
}
if (count < 8 || consents < 2) { ++failed; console.log(`FAIL only ${count} documents and ${consents} consent facets were there to check`); }
console.log(`${count} documents, ${consents} consent facets, ${failed} failures`);
process.exit(failed ? 1 : 0);
