/** How nft is called: it lives in sbin, which an ordinary user's PATH may lack. */
export const NFT_ENV: NodeJS.ProcessEnv = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
