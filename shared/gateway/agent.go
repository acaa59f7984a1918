package gateway

import "strings"

// agent says in words which browser asks: enough for its owner to recognise a
// device, too little to follow anybody.
func agent(header string) string {
	var words []string
	for _, list := range [][2][]string{
		{{"Edg", "OPR", "SamsungBrowser", "CriOS", "FxiOS", "Firefox", "Chrome", "Safari"}, {"Edge", "Opera", "Samsung", "Chrome", "Firefox", "Firefox", "Chrome", "Safari"}},
		{{"iPhone", "iPad", "Android", "CrOS", "Windows", "Macintosh", "Linux"}, {"iPhone", "iPad", "Android", "Chromebook", "Windows", "Mac", "Linux"}},
	} {
		for i, mark := range list[0] {
			if strings.Contains(header, mark) {
				words = append(words, list[1][i])
				break
			}
		}
	}
	return strings.Join(words, ", ")
}
