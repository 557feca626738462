// Starts `nfdsl lsp` and lets VS Code talk to it. Everything it can do is in the server.
const { workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

exports.activate = () => {
  const [command, ...args] = workspace.getConfiguration("nfx").get("command");
  const folder = workspace.workspaceFolders?.[0]?.uri.fsPath;
  const server = { command, args, options: { cwd: folder } };
  client = new LanguageClient("nfx", "nfx", server, { documentSelector: [{ language: "nfx" }] });
  return client.start();
};

exports.deactivate = () => client?.stop();
