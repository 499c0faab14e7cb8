/* The box as an iframe: /KEY/widget.html?lang=km. luot.js builds it; here are the numbers,
 * fetched once a minute while somebody can see them. Nothing is counted. ES5. */
(function () {
    var key = location.pathname.split('/').slice(-2)[0];
    var lang = /[?&]lang=(vi|km|en)\b/.exec(location.search);
    var asked = 0;

    function show(text) {
        var numbers = JSON.parse(text);
        if (window.luot)
            window.luot.show(numbers);
    }

    function ask() {
        var request = new XMLHttpRequest();
        request.open('GET', '../v1/' + key + '/widget.json');
        request.onload = function () {
            if (request.status == 200)
                show(request.responseText);
        };
        request.send();
        asked = Date.now();
    }

    function look() {
        if (!document.hidden && Date.now() - asked > 59000)
            ask();
    }

    if (lang)
        document.documentElement.lang = lang[1];
    if (window.luot)
        window.luot.show({});
    document.addEventListener('visibilitychange', look);
    setInterval(look, 10000);
    look();
})();
