# ruff: noqa: RUF001  # words of many languages look like others
"""Words that are no names wherever they stand, and words that say who somebody is."""


def _set(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


# Articles, prepositions, conjunctions, pronouns, auxiliaries and adverbs, accents taken off.
FUNCTION_WORDS = _set(
    # English
    "a about above according across after again against ago all almost along already also",
    "although among an and another any anyone are around as at away back be because been before",
    "behind being below beside besides between beyond both but by can could despite did do does",
    "during each either else elsewhere even ever every everyone except few fewer for former",
    "from further had has have he her here hers him his how however i if in indeed inside",
    "instead into is it its itself just last later least less like many may me meanwhile might",
    "more moreover most much must my near nearly neither never nevertheless next no nobody none",
    "nor not nothing now of off often on once one only onto or other others our out outside",
    "over own per perhaps rather same several shall she should since so some someone something",
    "soon still such than that the their them themselves then there therefore these they this",
    "those though through throughout thus to today together tomorrow tonight too toward towards",
    "two under unless until unlike up upon us very was we were what when where whether which",
    "while who whom whose why will with within without would yes yesterday yet you your",
    # German
    "aber alle allem allen aller alles als also am an andere anderen ans auch auf aus außerdem",
    "ausserdem bei beim bereits bis da dabei dadurch dafur dagegen daher damit danach dann",
    "daran darauf daraus darin daruber darum darunter das dass davon davor dazu dazwischen dem",
    "den denen denn der deren des deshalb dessen die dies diese diesem diesen dieser dieses",
    "doch dort du durch ein eine einem einen einer eines einige er es etwa euch fur gegen ihm",
    "ihn ihnen ihr ihre ihrem ihren ihrer im in ins insgesamt ist ja jede jedem jeden jeder",
    "jedes jedoch jetzt kein keine konnen konnte laut man mehr mehrere mit nach nachdem nein",
    "nicht noch nun nur ob oder ohne schon sei sein seine seinem seinen seiner seit sich sie",
    "sind so sobald sondern sowie statt trotz uber um und uns unter viele vom von vor wahrend",
    "war waren was wegen weil weitere welche wenige wenn wer werden wie wieder wird wo wobei",
    "wurde wurden zu zudem zuletzt zum zur zwar zwischen",
    # French
    "afin ainsi alors apres au aucun aujourd aupres aussi autour aux avant avec avoir c car ce",
    "ceci cela celle celles celui cependant certains ces cet cette ceux chaque chez ci comme d",
    "dans de depuis des deux devant donc dont du durant elle elles en encore enfin ensuite",
    "entre est et ete etre eux hier hui il ils j jusque l la le les leur leurs lors lorsque lui",
    "m mais malgre me meme n ne ni non nos notre nous on ont ou par parmi pendant plus",
    "plusieurs pour pourtant pres puis qu quand que quelque quelques qui s sa sans se selon ses",
    "si sinon son sont sous sur t tandis tous tout toute toutefois toutes trois tres un une",
    "vers voici voila vos votre vous y",
    # Spanish, Portuguese, Italian
    "actualmente ademas ahora al algun alguna algunos ante antes aquel asi aun aunque bajo cada",
    "casi como con contra cual cuando de del desde despues dice donde durante e el ella ellas",
    "ellos en entonces entre era es esa ese eso esta estas este esto estos fue fueron ha hace",
    "han hasta hay hoy la las le les lo los luego mas mientras mucho muchos muy nada ni ningun",
    "no nos o otra otro otros para pero poco por porque pues que quien se segun ser si sin sino",
    "sobre solo son su sus tambien tampoco tanto te todo todos tras u un una unas uno unos",
    "varios y ya ainda alem alguns ao aos apenas apesar apos aquela aquele as ate cerca com",
    "contudo da das do dos ela elas ele eles em embora essa esse esta foi foram ja logo mais",
    "mas mesmo muito na nas nem no nos num numa ou outra outro outros pela pelas pelo pelos",
    "pois quando quem sao segundo sem seu seus sua suas tambem tem todos um uma uns ad agli ai",
    "al alla alle allo altri anche ancora attualmente avanti avere che chi ci cio coi col come",
    "con contro cosi cui da dagli dai dal dalla dalle degli dei del della delle dello di dopo",
    "dove due e ed egli erano fino fra fu gia gli ha hanno i ieri il in infatti infine intanto",
    "invece io la le lei li lo loro lui ma mentre molti ne negli nei nel nella nelle nello",
    "nessuno noi non nostro o oggi ogni oltre oppure per pero piu poi presso prima proprio",
    "quale quando quanto quella quelle quello quest questa queste questi questo qui se secondo",
    "senza si sia sono sotto sta su sua subito sue sugli sui sul sulla sulle suo suoi tra tre",
    "troppo tuttavia tutti tutto un una uno verso",
    # Dutch, Swedish, Danish, Norwegian
    "aan al alle als behalve bij binnen bovendien daar daarom daarna dan dat de deze die dit",
    "doch door dus echter een eerder en er geen gisteren haar had hebben heeft het hier hij hoe",
    "hun ik in inmiddels is ja kan maar meer met na naar niet nog nu of om omdat onder ons ook",
    "op over sinds te tegen terwijl tijdens toch toen tot tussen uit vandaag van vanaf vanwege",
    "veel volgens voor vooral waar wanneer want waren was wat werd wie wij worden ze zij zijn",
    "zo zonder zou alla allt att av bland blev dar de dem den denna deras dess dessa det detta",
    "dig din du da efter ej eller en enligt ett for fran genom ha han hade har hennes hon hos i",
    "idag igar inom inte ja kan med medan mellan men mer mot mycket nar nu nya och ocksa om pa",
    "samt sedan sig sin sina sitt ska skulle som till trots under upp ut utan vad var vara vid",
    "vilka vilken af blandt blevet efter eftersom fordi fra hans har havde hendes hun hvad hvis",
    "hvor idag ifolge igen ikke imens ind kun mens ned nogle nar ogsa pga skal skriver siden",
    "sit under ved vil",
    # Polish, Czech
    "a aby ale albo bez bo byl byla bylo byc co czy dla do gdy go i ich ile im ja jak jako",
    "jednak jego jej jest jeszcze jesli juz kiedy ktora ktore ktory lub ma maja mi mimo moze na",
    "nad nie niz o od ok on ona oni oraz po pod podczas ponad poniewaz przed przez przy rowniez",
    "sa sie tak takze tam te tego tej ten teraz to tych tylko tym u w we wedlug wiec wraz z za",
    "ze aby ani az bude by byli co jako je jeho jejich jen jeste ji jiz jsou k kde kdy ktera",
    "ktere ktery ma mezi na nebo nejsou od o pak po podle pred pri pro proto s se si take tedy",
    "tento u uz v ve vsak z ze",
    # Russian, Ukrainian
    "а без более больше будет бы был была были было быть в вам вас ведь весь во вот впрочем все",
    "всего всех вы где да даже два для до другие другой его ее её ей если есть еще ещё же за",
    "здесь и из или им их к как какой когда кроме кто ли между меня много может мы на над надо",
    "нам нас не него нее ней ни них но ну о об однако он она они оно от очень перед по под",
    "позже пока после потом потому почти при про раз ранее с сам сейчас со согласно среди так",
    "также там теперь то тогда того тоже только том у уже хотя чего чем через что чтобы эта эти",
    "это этого этой этом этот я але був була були було від він вона вони для до за зокрема і із",
    "й його коли крім на не нині однак отже під після по при про саме серед та також те тим то",
    "у це цей ці через що як який",
    # Turkish, Indonesian
    "ama ancak bazi bir bu bugun cok daha de da diye en fakat gibi gore hem her icin ile ise ki",
    "kadar mi ne o olarak oldu onun sonra su ve veya ya ada adalah akan antara atau bagi bahwa",
    "banyak dalam dan dari dengan di hari hingga ia ini itu juga kata ke kepada ketika menurut",
    "mereka namun oleh pada para saat sebagai sebelum sejak selama serta setelah seperti sudah",
    "tak telah tetapi tidak untuk yang",
)

# Plain nouns that stories are retold with and articles need not have; none of them is a name.
ENGLISH_OPENERS = _set(
    "activists analysts authorities campaigners children citizens commuters consumers",
    "councillors critics customers doctors drivers emergency employees engineers experts",
    "families farmers fans firefighters governments investigators investors islanders",
    "journalists lawmakers lawyers locals members neighbours neighbors observers officers",
    "officials opponents organisers organizers parents passengers patients people plans police",
    "politicians prosecutors protesters rescuers researchers residents scientists shares",
    "shoppers students supporters teachers thousands tourists travellers travelers victims",
    "visitors volunteers voters women men witnesses workers work",
)

# Who somebody is, before a name: never joined to a name that the article does not join it to.
OFFICES = _set(
    "admiral ambassador archbishop bishop captain cardinal chair chairman chairwoman chancellor",
    "chief coach colonel commander commissioner councillor councilman councilwoman detective",
    "director doctor dr duke emperor founder general governor head inspector judge justice king",
    "leader lieutenant lord major manager mayor minister mr mrs ms officer pastor pope premier",
    "president prince princess principal prof professor queen rabbi representative secretary",
    "senator sergeant sheriff sir speaker spokesman spokesperson spokeswoman superintendent",
    "sultan treasurer burgermeister burgermeisterin bundeskanzler bundeskanzlerin",
    "bundesprasident kanzler kanzlerin landrat ministerin ministerprasident ministerprasidentin",
    "oberburgermeister prasident prasidentin sprecher sprecherin trainer vorsitzende",
    "vorsitzender maire ministre presidente premier porte-parole directeur directrice alcalde",
    "alcaldesa gobernador ministro ministra presidenta directora sindaco sindaca governatore",
    "prefeito prefeita burgemeester minister-president borgmester borgmastare statsminister мэр",
    "президент министр губернатор премьер глава директор генерал",
)

# Small words within names: Ludwig van Beethoven, Bank of England, Rio de Janeiro.
PARTICLES = _set(
    "of the de da do dos das del della di du la le les van von der den zu zur al el bin ibn e y"
)

VAGUE_NUMBERS = _set(
    "dozens hundreds thousands millions billions trillions half halved doubled double triple",
    "tripled quadrupled twice thrice twofold threefold quarter quarters dutzende hunderte",
    "tausende millionen milliarden halfte doppelt verdoppelt dizaines centaines milliers",
    "millions milliards moitie double decenas cientos centenares miles millones mitad doble",
    "decine centinaia migliaia milioni meta doppio dezenas centenas milhares milhoes metade",
    "dobro tientallen honderden duizenden helft",
)
