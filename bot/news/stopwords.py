# ruff: noqa: RUF001  # words of many languages look like others
"""Words that ask rather than tell, in many languages."""

# Words that carry a question, not its subject, in the languages most feeds are written in. Left out
# are those that mean something elsewhere: German "war" and "die", Swedish "men", Dutch "van" …
_STOP_WORDS_BY_LANGUAGE = {
    "en": "a about an and any are as at be been but by can could did do does for from had has have"
    " he her his how i if in into is it it's its me my no not of on or our she should so than that"
    " the their them then there these they this those to was we were what what's when where which"
    " while who whom whose why will with would you your",
    "de": "aber als am auch auf aus bei bis da dass dem den der des doch du ein eine einem einen"
    " einer eines er es für haben ich ihr im ist ja mit nach nicht noch nur oder sich sie sind über"
    " und uns von vor wann warum weil welche welcher welches wem wen wenn wer wie wieso wir wird wo"
    " woher wohin zu zum zur",
    "fr": "au aux avec ce ces cette comment dans de des du elle en est et être il ils je la le les"
    " leur lui mais ne nous ou où par pas pourquoi qu quand que quel quelle quels quelles qui quoi"
    " sa se ses sont une un vous à",
    "es": "al como cómo cuál cuándo cuánto del donde dónde ella el es está fue hay las lo los más"
    " para pero porque qué quién se sobre sus también uma una uno y",
    "pt": "ao aos com da das do dos e em foi há na nas nos o pelo pela por qual quando quanto quem"
    " que são seu sua um",
    "it": "alla che chi cosa dal dalla degli dei della delle dove è gli il ma nel nella perché più"
    " quale quali quanto si sono sul tra",
    "nl": "dat de deze dit een het hij hoe ik maar naar niet ook te tot voor waar waarom"
    " wanneer wat we welk welke wie wordt zijn",
    "pl": "ale czy dla do gdzie i jak jaka jaki jest kiedy kto która które który na nie od po"
    " się są w z za że",
    "sv": "att av den det du för från hon hur inte jag med när och på som vad vem var varför vilka",
    "da": "af at det er fra hvad hvem hvor hvordan hvorfor hvornår ikke jeg når og til ved",
    "ru": "а бы был была было были в во вот где да для до его ее если есть за и из или как какая"
    " какие какой когда кто ли мы на не но об он она они от по почему при с со так то у что чтобы"
    " это",
    "uk": "де й коли та хто чому що як який які",
    "tr": "bir bu daha hangi için ile kim mı mu mü nasıl neden nerede niçin ve veya",
    "ar": "في من على إلى عن ما ماذا متى أين كيف لماذا هل هو هي هذا هذه الذي التي و أو",
    "hi": "का की के को है हैं में से और क्या कब कहाँ कौन क्यों कैसे पर यह",
    "id": "adalah apa atau bagaimana dari dengan itu kapan ke mengapa siapa untuk yang",
}
STOP_WORDS = frozenset(word for words in _STOP_WORDS_BY_LANGUAGE.values() for word in words.split())
