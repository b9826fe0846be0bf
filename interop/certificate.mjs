import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Makes a key and a certificate for 127.0.0.1 in a folder: `{ key, cert }`, and the names of their files. */
export function makeCertificate(folder) {
  const keyFile = join(folder, "key.pem");
  const certFile = join(folder, "certificate.pem");
  const kind = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 2";
  const subject = ["-subj", "/CN=wsproto interop", "-addext", "subjectAltName=IP:127.0.0.1"];
  const files = ["-keyout", keyFile, "-out", certFile];
  execFileSync("openssl", [...kind.split(" "), ...subject, ...files], { stdio: "pipe" });
  return { key: readFileSync(keyFile), cert: readFileSync(certFile), keyFile, certFile };
}
