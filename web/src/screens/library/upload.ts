// Uploading packages, with progress, which fetch does not tell.
import { csrfToken } from "~/api/client";
import { problemOf, unreachable } from "~/api/error";
import { at } from "~/api/place";

export type Pushed = { PackageId: string; Version: string };

type Options = {
  space: string;
  file: File;
  // overwrite replaces the same version, which is refused otherwise.
  overwrite: boolean;
  onProgress: (share: number) => void;
};

// upload sends a file to the built-in feed and gives what the server made of it.
export function upload({ space, file, overwrite, onProgress }: Options): Promise<Pushed> {
  return new Promise((resolve, reject) => {
    const mode = overwrite ? "OverwriteExisting" : "FailIfExists";
    const form = new FormData();
    form.append("file", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", at(`/api/${space}/packages/raw?overwriteMode=${mode}`));
    request.setRequestHeader("X-Octopus-Csrf-Token", csrfToken(document.cookie));
    request.setRequestHeader("Accept", "application/json");
    request.upload.onprogress = (e) => e.lengthComputable && onProgress(e.loaded / e.total);
    request.onerror = () => reject(unreachable());
    request.onload = () => {
      const answer: unknown = parsed(request.responseText);
      if (request.status >= 200 && request.status < 300) resolve(answer as Pushed);
      else reject(problemOf(new Response(null, { status: request.status }), answer));
    };
    request.send(form);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
