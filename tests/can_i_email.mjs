// Reads {name: html} from the file given, and says what Gmail, Outlook or Apple Mail do not understand of each.
// caniemail knows no name of ours: its folder is given too.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [, , library, file] = process.argv;
const { caniemail } = await import(pathToFileURL(library));
const found = {};
for (const [name, html] of Object.entries(JSON.parse(readFileSync(file, "utf8")))) {
  const { issues } = caniemail({ clients: ["gmail.*", "outlook.*", "apple-mail.*"], html });
  for (const [client, ofClient] of issues.errors) {
    for (const issue of ofClient) {
      (found[issue.title] ??= new Set()).add(client);
    }
  }
}
console.log(JSON.stringify(Object.fromEntries(Object.entries(found).map(([title, clients]) => [title, [...clients].sort()]))));
