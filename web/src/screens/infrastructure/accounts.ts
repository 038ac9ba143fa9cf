// The kinds of accounts and what each has, so that one form serves them all.
import type { Wire } from "~/api/wire";

export type Account = Wire<"Account">;

export type Member = {
  name: keyof Account;
  label: string;
  hint?: string;
  // secret members are written and never read back.
  secret?: boolean;
  // long ones take a text of several lines, or a file.
  long?: boolean;
  optional?: boolean;
};

export type Kind = { type: string; label: string; members: Member[] };

export const kinds: Kind[] = [
  {
    type: "SshKeyPair",
    label: "SSH key pair",
    members: [
      { name: "Username", label: "User name" },
      { name: "PrivateKeyFile", label: "Private key", hint: "In PEM or OpenSSH form.", secret: true, long: true },
      { name: "PrivateKeyPassphrase", label: "Passphrase", secret: true, optional: true },
    ],
  },
  {
    type: "UsernamePassword",
    label: "User name and password",
    members: [
      { name: "Username", label: "User name" },
      { name: "Password", label: "Password", secret: true },
    ],
  },
  { type: "Token", label: "Token", members: [{ name: "Token", label: "Token", secret: true }] },
  {
    type: "AmazonWebServicesAccount",
    label: "AWS access key",
    members: [
      { name: "AccessKey", label: "Access key" },
      { name: "SecretKey", label: "Secret key", secret: true },
      { name: "Region", label: "Region", optional: true },
    ],
  },
  {
    type: "AzureServicePrincipal",
    label: "Azure service principal",
    members: [
      { name: "SubscriptionNumber", label: "Subscription id" },
      { name: "TenantId", label: "Tenant id" },
      { name: "ClientId", label: "Application id" },
      { name: "Password", label: "Key", secret: true },
    ],
  },
  {
    type: "GoogleCloudAccount",
    label: "Google Cloud service account",
    members: [{ name: "JsonKey", label: "JSON key", secret: true, long: true }],
  },
];

export const kindOf = (type: string): Kind | undefined => kinds.find((k) => k.type === type);

// Secret is a value that is written and never read back.
export type Secret = { HasValue: boolean; NewValue?: string | null };

// secretOf gives a secret member as the API takes it: keys travel in base64.
export function secretOf(member: Member, text: string): Secret {
  const encoded = member.name === "PrivateKeyFile" || member.name === "JsonKey" ? base64(text) : text;
  return { HasValue: text !== "", NewValue: encoded };
}

function base64(text: string): string {
  let bytes = "";
  for (const b of new TextEncoder().encode(text)) bytes += String.fromCharCode(b);
  return btoa(bytes);
}
