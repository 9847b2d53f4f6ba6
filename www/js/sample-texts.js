// What the people of the sample mailbox write to each other. All of them are invented, and so are
// their addresses (RFC 2606 keeps those domains free).

/** The owner of the mailbox. */
export const ME = ["Robin Ellery", "demo@example.org"];

export const PEOPLE = {
  amara: ["Amara Okafor", "amara@example.net"],
  jonas: ["Jonas Lindqvist", "jonas.lindqvist@example.com"],
  mei: ["陳美玲", "meiling@example.net"],
  tomas: ["Tomás Herrera", "tomas@example.org"],
  ines: ["Inês Carvalho", "ines.carvalho@example.com"],
  yuki: ["佐藤 ゆき", "yuki.sato@example.net"],
  lena: ["Lena Vogt", "lena.vogt@example.org"],
  karim: ["كريم الحداد", "karim@example.com"],
  olga: ["Ольга Климова", "olga.klimova@example.net"],
  dimitra: ["Δήμητρα Παππά", "dimitra@example.org"],
  hugo: ["Hugo Marchand", "hugo.marchand@example.com"],
  priya: ["Priya Raman", "priya@example.net"],
  wojtek: ["Wojciech Żak", "wojciech.zak@example.org"],
  nora: ["Nora Brandt", "nora@example.com"],
  sam: ["Sam Whitlock", "sam.whitlock@example.net"],
};

/** Conversations: where they are kept, and who says what (`me` is the owner). `file` names an attachment of sample.js. */
export const THREADS = [
  { box: "INBOX", subject: "Allotment: what shall we plant this year?", says: [
    ["amara", "Hi both,\n\nthe soil is finally warm enough. I have seeds for three kinds of beans, the purple carrots Jonas liked, and far too many courgettes. Shall we agree on the beds before the weekend?\n\nI drew a plan; see what you think.\n\nAmara", "plan.png"],
    ["jonas", "The plan looks lovely. I would swap beds 2 and 5, so that the beans do not shade the carrots after three o'clock.\n\nAnd please: at most two courgette plants. We all remember last August."],
    ["me", "Two courgettes. Agreed, in writing, for the record.\n\nI can bring the water barrel on Saturday if someone helps me carry it down the path."],
    ["amara", "Saturday at ten, then. Sam has a cart and says he will come if there is cake."],
    ["sam", "I confirm the cart, and the condition."] ] },
  { box: "INBOX", subject: "Telescope night on Friday", flagged: true, says: [
    ["priya", "The forecast is clear until about two in the morning, and the moon sets early. Saturn is up from ten.\n\nMeet at the quarry car park at nine? Bring a red torch and something warm; it was four degrees last time."],
    ["wojtek", "I will bring the 10-inch. Could someone bring the folding table? Mine has become a shelf for tomatoes."],
    ["me", "Table and two flasks of tea are on my list. Is the new eyepiece here yet?"],
    ["priya", "It came this morning. 31 mm, 82 degrees, and heavier than my cat."] ] },
  { box: "INBOX", subject: "Proofs of chapter four", says: [
    ["nora", "Dear Robin,\n\nplease find the marked-up proofs attached. Most of it is commas. There are three questions in the margin of page 12 that only you can answer.\n\nIf you can return them by the end of next week, we keep the slot at the printer's.\n\nKind regards\nNora", "proofs.pdf"],
    ["me", "Thank you, Nora. On the margin of page 12: yes, yes, and I would rather not.\n\nYou will have the rest on Wednesday."],
    ["nora", "“I would rather not” is now my favourite answer from an author. I have left it as it was."] ] },
  { box: "INBOX", subject: "Kitchen shelves: measurements", says: [
    ["lena", "Hallo Robin,\n\nich habe nachgemessen: die Nische ist oben 84,2 cm breit, unten 83,6 cm. Die Wand ist also – wie immer in diesem Haus – eher ein Vorschlag.\n\nIch würde die Böden auf 83,4 cm zuschneiden und den Rest mit einer Leiste verdecken. Die Maße stehen in der Tabelle.\n\nViele Grüße\nLena", "shelves.csv"],
    ["me", "Liebe Lena,\n\n83,4 cm klingt gut. Eiche oder Esche? Ich neige zur Esche, sie ist heller.\n\nGrüße, Robin"],
    ["lena", "Esche! Ich hole das Holz am Donnerstag und bringe gleich Öl mit."] ] },
  { box: "INBOX", subject: "Week-end à Lyon", says: [
    ["hugo", "Salut Robin,\n\nles billets sont pris : départ vendredi à 17 h 04, retour dimanche soir. Camille nous prête son appartement près des quais ; il paraît que la boulangerie d'en face vaut à elle seule le voyage.\n\nTu préfères le musée samedi matin ou la balade à vélo ?\n\nÀ très vite,\nHugo", "lyon.ics"],
    ["me", "Le vélo le matin, le musée quand il pleuvra. Merci d'avoir tout organisé !"],
    ["hugo", "Parfait. J'emporte la pompe, tu emportes le beau temps."] ] },
  { box: "INBOX", subject: "Receta de la abuela", says: [
    ["tomas", "Hola, Robin:\n\npor fin encontré el cuaderno. La receta dice «harina, la que pida» y «horno fuerte, hasta que huela a domingo». Te mando una traducción a gramos, hecha con tres intentos y un pequeño incendio.\n\n500 g de harina de fuerza\n350 g de agua tibia\n10 g de sal\n3 g de levadura fresca\n\nUn abrazo,\nTomás"],
    ["me", "¡Gracias! “Hasta que huela a domingo” va enmarcado en la cocina."] ] },
  { box: "INBOX", subject: "来週の展覧会について", says: [
    ["yuki", "ロビンさん\n\nこんにちは。来週の木曜日から、市立美術館で版画の展覧会が始まります。初日の午後に学芸員の解説があるそうですが、一緒にいかがですか。\n\nチケットは私が二枚持っています。\n\n佐藤ゆき"],
    ["me", "ゆきさん、ありがとうございます。ぜひ行きたいです。二時に入口で会いましょう。"] ] },
  { box: "INBOX", subject: "關於老照片的掃描", says: [
    ["mei", "Robin 你好，\n\n外婆的相簿已經掃描完了，一共二百一十四張。有幾張背面寫著日期和地名，我都抄在檔名裡。\n\n隨信附上其中一張：一九五八年的港口，左邊第二個人就是她。\n\n美玲", "harbour.jpg"] ] },
  { box: "INBOX", subject: "Лыжи в феврале", says: [
    ["olga", "Привет, Робин!\n\nМы нашли домик у озера на вторую неделю февраля: печка, баня и ни одной точки доступа в интернет. Осталось одно место. Поедешь?\n\nОля"],
    ["me", "Оля, еду! Лыжи и шахматы беру с собой."] ] },
  { box: "INBOX", subject: "Φωτογραφίες από τη Νάξο", says: [
    ["dimitra", "Γεια σου Robin,\n\nσου στέλνω δύο από τις φωτογραφίες του καλοκαιριού. Στη δεύτερη φαίνεται και το καράβι που χάσαμε.\n\nΤου χρόνου φεύγουμε μια μέρα νωρίτερα!\nΔήμητρα", "naxos.jpg"] ] },
  { box: "INBOX", subject: "موعد ورشة الخط العربي", says: [
    ["karim", "مرحباً روبن،\n\nتبدأ ورشة الخط يوم السبت الساعة الحادية عشرة صباحاً. أحضر معك قصبة إن وجدت، وإلا فعندنا ما يكفي للجميع.\n\nمع أطيب التحيات\nكريم"] ] },
  { box: "INBOX", subject: "Provas de som no sábado", says: [
    ["ines", "Olá Robin,\n\no ensaio fica para sábado às 18h. Trago as partituras novas; o segundo andamento está mais lento do que parece no papel.\n\nBeijinhos,\nInês"] ] },
  { box: "Projects/Repair café", subject: "Repair café in March: who fixes what", says: [
    ["sam", "Sign-ups so far:\n\n  bench 1   toasters, kettles      Sam\n  bench 2   radios, amplifiers     Wojciech\n  bench 3   clothes, bags          Amara\n  bench 4   bicycles               (nobody yet!)\n  bench 5   \"mystery objects\"      Priya\n\nRobin, could you take the bicycles again?"],
    ["me", "I can. I need a second work stand, though: last time there was a queue to the bakery."],
    ["wojtek", "My neighbour lends us his. He only asks that we do not let anyone adjust *his* brakes."],
    ["priya", "Bench 5 reporting: somebody has announced a barometer, two music boxes and “a thing from my uncle”."] ] },
  { box: "Projects/Repair café", subject: "Spare parts: order before Thursday", says: [
    ["amara", "The list of parts is attached. Please add what you need to the last column; I order on Thursday at noon.", "parts.csv"],
    ["me", "Added: 12 brake cables, 4 pairs of pads, one bottle of patience."] ] },
  { box: "Projects/Weather station", subject: "Sensor readings look odd at night", says: [
    ["jonas", "Between 02:00 and 04:00 the humidity jumps to 100 % and stays there:\n\n  01:50   71.2 %   4.1 °C\n  02:00   99.9 %   4.0 °C\n  02:10  100.0 %   4.0 °C\n  02:20  100.0 %   3.9 °C\n  04:10   73.8 %   3.6 °C\n\nCondensation inside the housing? Or the heater cycle?"],
    ["me", "> Condensation inside the housing? Or the heater cycle?\n\nThe heater. It is on a timer from the old firmware, 02:00 to 04:00 exactly. I have switched it to start on dew point instead."],
    ["jonas", "> I have switched it to start on dew point instead.\n\nConfirmed: a night without a jump. Data attached, and a beer is owed.", "readings.csv"] ] },
  { box: "Projects/Weather station", subject: "Mast: permission from the housing co-op", says: [
    ["lena", "Die Genossenschaft hat zugestimmt: bis 2,5 m, ohne Bohren, und bitte nicht in Signalfarben."],
    ["me", "Großartig! Grau, geklemmt und 2,4 m. Danke fürs Nachfragen."] ] },
  { box: "Archive", subject: "Minutes of the spring meeting", says: [
    ["nora", "Dear all,\n\nhere are the minutes. In short: the library stays open on Saturdays, the piano will be tuned, and nobody knows who bought the second piano.\n\nNora", "minutes.pdf"],
    ["wojtek", "For the minutes of the minutes: it was not me."],
    ["me", "Thank you for writing it all down, Nora. Nor me."] ] },
  { box: "Archive", subject: "Moving day", says: [
    ["hugo", "Le camion est réservé pour samedi, 8 h. Dix-sept cartons, une table, et la plante dont personne ne veut parler."],
    ["me", "J'arrive à 7 h 45 avec du café. La plante voyage avec moi."],
    ["hugo", "Merci à tous ! Tout est arrivé entier, même la plante."] ] },
  { box: "Archive", subject: "Choir: programme for December", says: [
    ["ines", "Segue o programa. Contraltos: atenção ao compasso 48!", "programme.pdf"],
    ["priya", "Bar 48 has been circled, underlined and feared."],
    ["me", "Bar 48 and I have come to an understanding."] ] },
];

/** Mail of machines: sender, and ways to fill its subject and text (`{…}` are drawn at random). */
export const MACHINES = [
  { from: ["City Library", "notices@library.example.org"], subject: "Your loan is due on {day}", text: "Good day,\n\nthe following item is due back on {day}:\n\n    {book}\n\nYou can renew it twice as long as nobody waits for it.\n\nYour City Library" },
  { from: ["Tram & Bus", "noreply@transit.example.com"], subject: "Line {n}: diversion from {day}", text: "From {day}, line {n} will run by way of the botanical garden while the tracks in Mill Street are renewed. Please allow ten more minutes.\n\nThis message was sent because you follow line {n}." },
  { from: ["Parcel Service", "track@parcels.example.net"], subject: "Parcel {id} arrives on {day}", text: "Your parcel {id} is on its way and should reach you on {day} between 10:00 and 13:00.\n\nTrack it: https://parcels.example.net/track/{id}", html: true },
  { from: ["Build Robot", "builds@ci.example.org"], subject: "[weather-station] build #{n} {state}", text: "weather-station, branch main, build #{n}: {state}\n\n  checkout    ok        1.2 s\n  compile     ok       41.7 s\n  tests       {state}    12.0 s\n\nhttps://ci.example.org/weather-station/{n}" },
  { from: ["Bank of Example", "statements@bank.example.com"], subject: "Your statement for {month} is ready", text: "Dear customer,\n\nyour statement for {month} can be read in your mailbox at the bank. We never ask for your password by mail.\n\nBank of Example" },
  { from: ["Harvest Box", "hello@harvest.example.net"], subject: "In your box on {day}: {veg}", text: "This week the fields gave us {veg}, and a little more than we had planned.\n\nA recipe lies in the box. Put the empty one out before eight, please.", html: true },
  { from: ["The Long Read", "letters@longread.example.com"], subject: "Sunday letter: {essay}", text: "Good morning,\n\nthis week: {essay}. Eleven minutes, or one pot of tea.\n\nAlso in this letter: three books for a rainy weekend, and the answer to last week's puzzle (it was the lamp).", html: true },
  { from: ["Neighbourhood board", "board@street.example.org"], subject: "New on the board: {offer}", text: "Someone in your street writes:\n\n  {offer}\n\nReply on the board to get in touch." },
];

export const FILL = {
  day: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
  month: ["January", "March", "April", "June", "August", "October", "November"],
  state: ["passed", "passed", "passed", "failed"],
  book: ["Moss: A Natural History", "The Cartographer's Winter", "Bread, Salt, Time", "A Short Course in Knots", "Letters from the Observatory"],
  veg: ["beetroot, leeks and a pumpkin", "new potatoes and dill", "chard in three colours", "the last tomatoes", "black cabbage and quinces"],
  essay: ["the lighthouse that moved", "why we count in twelves", "the people who listen to ice", "a history of the paper clip", "the bridge that hums"],
  offer: ["free to a good home: one armchair, honest but tired", "who can water our plants in July?", "found: a small grey glove", "lending: ladder, 6 m", "piano lessons for late beginners"],
};

/** Mailing lists: subjects and remarks that make threads of any length. */
export const LISTS = [
  { box: "Lists/Stargazers", tag: "stargazers", address: "stargazers@lists.example.org",
    subjects: ["Collimation without tears", "Dew heaters: which voltage?", "Report: Perseids from the coast", "First light of a home-made 8-inch", "Dark site map updated", "Eyepiece case from an old suitcase", "Jupiter on Tuesday night", "Red light etiquette"],
    remarks: ["I had the same on a humid night. A strip of 12 V heater around the secondary solved it.", "Seeing was poor here until midnight; after that the bands stood still for minutes at a time.", "Has anybody tried this with a star adapter? I wonder about the back focus.", "Sketch follows as soon as my fingers have thawed.", "Thank you for the map. The car park north of the reservoir is closed in winter, though.", "+1. And bring a spare battery, always bring a spare battery.", "Count for 01:00 to 02:00: 41 meteors, five of them with trains, one with applause."] },
  { box: "Lists/Old maps", tag: "oldmaps", address: "old-maps@lists.example.net",
    subjects: ["Paper of the 1841 survey", "Where did the mill stream go?", "Georeferencing a folded sheet", "A hand-coloured plan turns up", "Spelling of field names", "Scanner settings for brown ink"],
    remarks: ["The watermark is on page two of my copy as well, so it is the same batch.", "I would take at least nine control points; the fold in the middle behaves like a fault line.", "In the tithe register it is spelt with two l, which says more about the clerk than about the field.", "400 dpi and 16 bit, then throw away what you do not need.", "The stream was led underground in 1893. You can still hear it behind the school.", "Lovely find. Is there a scale bar on it, or only good intentions?"] },
];

export const SPAM = [
  ["You have WON!!! Claim now", "Congratulations lucky winner! Your address was drawn. Click below to receive your prize of 4,500,000."],
  ["Re: your invoice (URGENT)", "Kindly see the invoice and pay today. Regards, Accounts"],
  ["Lose 10 kg while sleeping", "Doctors are amazed. One simple trick with tea."],
  ["Your mailbox is almost full", "Dear user, verify your account within 24 hours or it will be closed."],
  ["Cheap watches, real quality", "Swiss style, honest price. Free shipping on two."],
  ["Business proposal, confidential", "I am the secretary of a late minister and write to you in trust."],
  ["Hot stock tip for Monday", "This company will go up 800 %. Do not tell anybody."],
];
