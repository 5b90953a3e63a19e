// Passwords that guessing programs try first, as words and the endings people give them. Stored as text, because a
// list spelled out would be read by nobody; `commonPasswords` spells it out for whoever wants to count it.

const words = (text: string): string[] => text.trim().split(/\s+/)

/** Alone or with an ending of digits and signs, each of these is guessed at once. */
const BASES = words(`
  password passwort passw0rd motdepasse contrasena parola parolachiave segreto segreta chiave accesso accedi entra
  admin administrator amministratore root user utente guest ospite test tester testing demo default changeme
  cambiami secret letmein welcome benvenuto benvenuta benvenuti login signin access master manager system sistema
  server computer internet network windows microsoft google facebook instagram amazon apple android samsung nokia
  officina azienda impianto impianti fabbrica operatore magazzino energia fotovoltaico solare eolico centrale
  qwerty qwertz azerty qwertyuiop asdfgh asdfghjkl zxcvbn zxcvbnm qazwsx qazwsxedc iloveyou tiamo tiamotanto amore
  amoremio amorino tesoro cucciolo principessa principe stella stellina sole luna cielo mare gatto gattino cane
  cagnolino farfalla delfino leone tigre aquila lupo drago fragola cioccolato pizza pasta spaghetti mamma mammamia
  papa nonna nonno famiglia fratello sorella bambina bambino bellissima bellissimo ciao ciaociao buongiorno
  juventus forzajuve juve inter forzainter internazionale milan forzamilan acmilan roma forzaroma asroma lazio
  forzalazio napoli forzanapoli torino fiorentina sampdoria genoa atalanta bologna palermo cagliari verona parma
  calcio pallone ferrari lamborghini maserati ducati fiat alfaromeo vespa italia forzaitalia vivalitalia italiano
  italiana milano firenze venezia sicilia sardegna toscana puglia calabria vesuvio maradona delpiero totti baggio
  buffon ronaldo ronaldinho messi valentino rossi ibrahimovic pirlo cristiano batman superman spiderman ironman
  starwars pokemon pikachu naruto goku dragonball minecraft fortnite playstation nintendo xbox matrix gandalf
  hogwarts harrypotter frodo merlin dragon monkey shadow sunshine princess football baseball basketball soccer
  hockey tennis golf fishing hunter ranger killer warrior soldier hammer thunder lightning mustang corvette porsche
  mercedes toyota yamaha harley chelsea arsenal liverpool barcelona realmadrid manchester united jordan michael
  jennifer jessica daniel andrew joshua matthew ashley charlie robert thomas george jackson madison nicole amanda
  samantha maggie ginger pepper cookie banana cheese chocolate orange purple yellow silver golden diamond crystal
  summer winter spring autumn estate inverno primavera autunno gennaio febbraio marzo aprile maggio giugno luglio
  agosto settembre ottobre novembre dicembre lunedi martedi mercoledi giovedi venerdi sabato domenica january
  february march april june july august september october november december monday tuesday wednesday thursday friday
  saturday sunday andrea marco luca matteo alessandro alessandra francesco francesca giuseppe giovanni antonio
  antonella roberto roberta stefano stefania paolo paola mario maria giulia giulio chiara sara laura elena federica
  federico simone simona davide daniele daniela michele lorenzo riccardo valentina martina silvia elisa anna angela
  angelo claudia claudio fabio massimo maurizio salvatore vincenzo pietro giorgia giorgio sofia aurora alice
  beatrice camilla gabriele gabriella tommaso leonardo edoardo filippo nicola emanuele cristina monica barbara
  patrizia serena veronica ilaria alessia alessio mirko enrico sergio luigi carlo alberto emma ginevra
  freedom forever friends family flower angel heaven jesus jesuschrist blessed buddha peace love lovely babygirl
  babyboy sweetheart darling hello hellokitty whatever nothing trustno ninja samurai phoenix eagle falcon tiger
  lion bear wolf panther buster rocky lucky happy snoopy scooby garfield mickey donald tinkerbell barbie
  metallica nirvana slipknot blink eminem rihanna beatles madonna vasco vascorossi ligabue jovanotti
  pass passpass mypassword thepassword newpassword yourpassword testtest adminadmin useruser rootroot temp temporary
  temporanea provaprova prova abc abcd abcde abcdef xyz aaa asd asdasd qwe qweqwe qwer asdf zxc zxcv
`)

/** Common as they stand. */
const WHOLE = words(`
  1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc 1qazxsw2 zaq12wsx zaq1zaq1 !qaz2wsx q1w2e3r4 q1w2e3r4t5
  a1b2c3d4 a1s2d3f4 abc12345 abcd1234 abcde123 aa123456 aa12345678 123456aa 12345678a 1234567a 123456789a a12345678
  a123456789 123456ab 12341234 12344321 11223344 112233445566 123123123 123321123 121212121 123456123 1234qwer
  123qweasd 123qweasdzxc qwe123qwe qweasdzxc asdqwe123 qwer1234 qwerty12345 asdf1234 zxcv1234 asd12345 q1q1q1q1
  147258369 159357456 159753456 741852963 789456123 963852741 987654321 9876543210 1029384756 0987654321 13579246
  135792468 246813579 31415926 314159265 27182818 00000000 10203040 102030405060 20202020 01012000 01011990
  19921992 password!@# p@ssw0rd p4ssw0rd pa55word pa55w0rd passw0rd! trustno1 trustno11 ncc1701d ncc1701e rush2112
  iloveyou2 iloveyou1 iloveu123 loveme123 letmein1 letmein! welcome1 welcome01 welcome! sunshine1 princess1 football1
  baseball1 superman1 michael1 charlie1 jordan23 blink182 slipknot1 monkey123 dragon123 master123 shadow123 hello123
  qwerty123456 administrator1 changeme1 changeme! temppass temp1234 test1234 testing1 guest1234 user1234 root1234
  toor1234 cisco123 oracle123 sysadmin superuser postgres mysqlroot raspberry ubuntu123 letmeinnow opensesame
  apritisesamo abracadabra correcthorsebatterystaple correct-horse-battery-staple whatever1 blahblah lollollol
  hahahaha asdfasdf qwertyqwerty asdasdasd zxczxczxc qazqazqaz testtest passpass lovelove ciaociao jordan1234
  tinkerbell sweetpea brooklyn broncos1 cowboys1 steelers eagles123 packers1 redskins yankees1 lakers24 chicago1
  december1 november11 mynameis nopassword nessunapassword lamiapassword password1234567 passwordpassword
  forzajuve1 forzamilan1 forzainter1 forzanapoli1 vivalafica vaffanculo bastardo stronzo1 cazzo123 minchia1
  fuckyou1 fuckyou123 asshole1 bullshit sexysexy biteme123 pussycat iwantyou fuckoff1
`)

const ENDINGS = words(`
  1 12 123 1234 12345 123456 1! 123! ! !! 0 00 01 007 10 11 13 18 21 22 23 69 77 88 99 100 111 777 999 2000 2010 2015
  2018 2019 2020 2021 2022 2023 2024 2025 2026 2024! 2025! 2026! 1980 1985 1990 1995
`)

const LEET: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '8': 'b',
  '@': 'a',
  $: 's',
  '!': 'i',
  '€': 'e',
  '|': 'l',
}

/** The word that is meant by one written with digits and signs for letters (`P4$$w0rd`); `1` may be `i` or `l`. */
export const deleeted = (text: string, one: 'i' | 'l' = 'i'): string =>
  text.toLowerCase().replace(/[0134578@$!€|]/g, (sign) => (sign === '1' ? one : (LEET[sign] ?? sign)))

const bases: ReadonlySet<string> = new Set(BASES)

/** The list spelled out: every entry of at least 8 characters. */
export const commonPasswords: ReadonlySet<string> = new Set(
  [...WHOLE, ...BASES, ...BASES.flatMap((base) => ENDINGS.map((ending) => base + ending))].filter(
    (entry) => entry.length >= 8,
  ),
)

const ROWS = words('01234567890 qwertyuiop qwertzuiop azertyuiop asdfghjkl zxcvbnm abcdefghijklmnopqrstuvwxyz')
const runs = [...ROWS, ...ROWS.map((row) => row.split('').toReversed().join(''))]

const inRow = (part: string): boolean => runs.some((row) => row.includes(part))

// «abcdefgh», «87654321», «qwertyui», «qwer1234»: nothing but two stretches of neighbours.
const isRun = (text: string): boolean => {
  for (let i = 4; i <= text.length; i++) {
    const rest = text.slice(i)
    if (inRow(text.slice(0, i)) && (rest === '' || (rest.length >= 3 && inRow(rest)))) return true
  }
  return false
}

// «aaaaaaaa», «12121212», «ciaociao», «abcabcabc».
const isRepetition = (text: string): boolean => /^(.{1,4}?)\1+$/u.test(text) || /^(.)\1*(.)\2*$/u.test(text)

// Birthdays, the commonest all-digit passwords: ddmmyyyy, mmddyyyy, yyyymmdd, with or without signs between.
const isDate = (text: string): boolean => {
  const digits = text.replaceAll(/[-/. ]/g, '')
  if (!/^\d{8}$/.test(digits)) return false
  return (
    /^(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])(19|20)\d\d$/.test(digits) ||
    /^(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(19|20)\d\d$/.test(digits) ||
    /^(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/.test(digits)
  )
}

// «Juventus1897!», «123amore»: a common word with at most six digits and signs around it.
const isDecoratedWord = (text: string): boolean => {
  const core = text.replace(/^[^\p{L}]+/u, '').replace(/[^\p{L}]+$/u, '')
  return text.length - core.length <= 6 && bases.has(core)
}

const isCommonAsWritten = (text: string): boolean =>
  commonPasswords.has(text) || isRun(text) || isRepetition(text) || isDate(text) || isDecoratedWord(text)

/** Whether a guessing program would try this password early, in any case and with digits for letters. */
export const isCommonPassword = (password: string): boolean => {
  const text = password.normalize('NFKC').toLowerCase().trim()
  if (isCommonAsWritten(text)) return true
  // The ending of a leet word is not leet: «P4ssw0rd1» is «password» and «1».
  const [, stem = '', ending = ''] = /^(.*?)([\d!?.*#]{0,6})$/su.exec(text) ?? []
  return (['i', 'l'] as const).some(
    (one) => isCommonAsWritten(deleeted(text, one)) || isCommonAsWritten(deleeted(stem, one) + ending),
  )
}
