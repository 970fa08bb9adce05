/** A picture as models look at it: vendors scale to about 1,568 px and refuse more than 5 MB as base64. */
const LONGEST = 2048;
const BYTES = 3_900_000;
const SCALED = new Set(["image/png", "image/jpeg", "image/webp"]);

/** The file, or a smaller one of the same picture where it is larger than a model takes. */
export async function fitting(file: File): Promise<File> {
  if (!SCALED.has(file.type)) return file;
  const drawn = await createImageBitmap(file).catch(() => null);
  if (!drawn) return file;
  try {
    let scale = Math.min(1, LONGEST / Math.max(drawn.width, drawn.height));
    if (scale === 1 && file.size <= BYTES) return file;
    for (let round = 0; round < 3; round += 1) {
      const made = await redrawn(drawn, scale, file.type === "image/jpeg" ? "image/jpeg" : "image/webp");
      if (made && made.size <= BYTES) return new File([made], renamed(file.name, made.type), { type: made.type });
      scale *= 0.7;
    }
    return file;
  } finally {
    drawn.close();
  }
}

function redrawn(picture: ImageBitmap, scale: number, type: string): Promise<Blob | null> {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, type, 0.88));
}

const renamed = (name: string, type: string): string => `${name.replace(/\.[a-z0-9]{1,5}$/i, "")}.${type.slice(6).replace("jpeg", "jpg")}`;
